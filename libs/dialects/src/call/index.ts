export { expectJson } from './expect-json.ts';
