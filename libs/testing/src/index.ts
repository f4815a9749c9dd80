export type { FakeRequest } from './fake-ollama/activity.ts';
export { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from './fake-ollama/fake-ollama.ts';
export type { Fault, FaultScope } from './fake-ollama/faults.ts';
export type { Capability, FakeModel, ModelDetails } from './fake-ollama/model.ts';
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy/fault-proxy.ts';
export { faultSchedule, type ScheduledFault, type TcpFault } from './fault-proxy/faults.ts';
export { startMongoServer, type MongoServer } from './mongo-server/mongo-server.ts';
export { seededRandom } from '@tutti/simulation';
export { virtualClock, type VirtualClock } from './virtual-clock.ts';
