export {
  startFakeAnthropic,
  type AnthropicFault,
  type FakeAnthropic,
  type FakeAnthropicOptions,
} from './fake-anthropic/fake-anthropic.ts';
export type { FakeRequest } from './fake-ollama/activity.ts';
export { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from './fake-ollama/fake-ollama.ts';
export type { Fault, FaultScope } from './fake-ollama/faults.ts';
export type { Capability, FakeModel, ModelDetails } from './fake-ollama/model.ts';
export { startFakeOpenai, type FakeOpenai, type FakeOpenaiOptions } from './fake-openai/fake-openai.ts';
export type { OpenaiFault, OpenaiFaultScope } from './fake-openai/faults.ts';
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy/fault-proxy.ts';
export { faultSchedule, type ScheduledFault, type TcpFault } from './fault-proxy/faults.ts';
export { startMongoServer, type MongoServer } from './mongo-server/mongo-server.ts';
export { syntheticQuestions, type SyntheticQuestion } from './scripted-models/questions.ts';
export type { ScriptedModel } from './scripted-models/scripted-model.ts';
export { scriptedModels } from './scripted-models/scripted-models.ts';
export { seededRandom } from '@tutti/simulation';
export { virtualClock, type VirtualClock } from './virtual-clock.ts';
