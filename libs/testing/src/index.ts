export type { FakeRequest } from './fake-ollama/activity.ts';
export { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from './fake-ollama/fake-ollama.ts';
export type { Fault, FaultScope } from './fake-ollama/faults.ts';
export type { Capability, FakeModel, ModelDetails } from './fake-ollama/model.ts';
export { seededRandom } from './seeded-random.ts';
export { virtualClock, type VirtualClock } from './virtual-clock.ts';
