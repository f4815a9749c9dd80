export type { Channel } from './channel.ts';
export { connectRoutes, type ConnectOptions, type ConnectRoute } from './connect/connect.ts';
export { createClient, type CallOptions, type Client, type ClientOptions } from './client.ts';
export { createChannel, type ChannelOptions } from './grpc-channel.ts';
export type { Authorize, HandlerContext, Implementation, PeerIdentity } from './handler.ts';
export { createHealth, type Health } from './health.ts';
export { inTurns } from './in-turns.ts';
export { createMemoryChannel, type MemoryChannel } from './memory-channel.ts';
export { listen, type Listening, type PortOptions } from './one-port.ts';
export { accessOf, permissionsText, securitySchemes } from './openapi/access.ts';
export type {
  Content,
  Endpoint,
  Example,
  Operation,
  OperationNotes,
  Parameter,
  Response,
  Schema,
} from './openapi/document.ts';
export { checkedSummary, serviceEndpoints } from './openapi/endpoints.ts';
export { bodyErrors, errorMeanings, errorRefs, problemResponses, problemSchema } from './openapi/problems.ts';
export { createReflection } from './reflection.ts';
export { bindingsOf, pathOf, type Binding, type Verb } from './rest/bindings.ts';
export { shortEnumNames } from './rest/enum-names.ts';
export { queryParametersOf, type QueryParameter } from './rest/query-parameters.ts';
export type { RestEvent } from './rest/response-json.ts';
export { restRoutes, type RestAnswer, type RestOptions, type RestRequest, type RestRoute } from './rest/rest.ts';
export { createRotatingChannel, type RotatingChannel } from './rotating-channel.ts';
export { addService, createServer, type ServiceOptions } from './server.ts';
export { maxMessageBytes, type Keepalive } from './settings.ts';
export type { ChannelTls } from './tls/channel-credentials.ts';
export type { Credentials } from './tls/credentials.ts';
export type { IdentityRule, RequiredIdentity } from './tls/identity-rules.ts';
export type { TlsOptions } from './tls/tls-port.ts';
