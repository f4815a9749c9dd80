export type { Backend, BackendSettings, Inventory, ServerSettings } from './backend.ts';
export { chooseBackend, type Narrator } from './choose.ts';
export { loading } from './loading.ts';
export { hardwareProbe } from './node/hardware.ts';
export { createNode, type Node } from './node/node.ts';
export { backends } from './table.ts';
