export { bindingsOf, pathOf, type Binding, type Verb } from './bindings.ts';
export { shortEnumNames } from './enum-names.ts';
export { queryParametersOf, type QueryParameter } from './query-parameters.ts';
export type { RestEvent } from './response-json.ts';
export { restRoutes, type RestAnswer, type RestOptions, type RestRequest, type RestRoute } from './rest.ts';
