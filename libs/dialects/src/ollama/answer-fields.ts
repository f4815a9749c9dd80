const common = ['model', 'created_at', 'done', 'done_reason', 'logprobs'];
const metrics = [
  'total_duration',
  'load_duration',
  'prompt_eval_count',
  'prompt_eval_duration',
  'eval_count',
  'eval_duration',
];

/** The fields of Ollama's answers that a Chunk has a place for, by route. */
export const chatFields: ReadonlySet<string> = new Set([...common, ...metrics, 'message']);
export const generateFields: ReadonlySet<string> = new Set([
  ...common,
  ...metrics,
  'response',
  'thinking',
  'context',
  'tool_calls',
]);
export const embedFields: ReadonlySet<string> = new Set([...common, ...metrics, 'embeddings']);
