/** Names of attributes: OpenTelemetry's own, those of its GenAI conventions, which still change, and ours. */
export const names = {
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  errorType: 'error.type',
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  requestId: 'tutti.request.id',
  node: 'tutti.node',
  routeReason: 'tutti.route.reason',
  attempts: 'tutti.attempts',
  queueMs: 'tutti.queue.ms',
} as const;

/** What the conventions call each kind of call. */
export const operations = { chat: 'chat', completion: 'text_completion', embed: 'embeddings' } as const;
