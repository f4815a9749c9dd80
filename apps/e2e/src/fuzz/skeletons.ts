/** The models of the fake Ollama, one of them to be taken away, and the node before it. */
export const models = { chat: 'smollm2:135m', embed: 'all-minilm:latest', spare: 'spare-1b' };

export const nodeName = 'node0';

const model = models.chat;
const parameters = { type: 'object', properties: { at: { type: 'number' } }, required: ['at'] };
const functionTool = { type: 'function', function: { name: 'f', description: 'd', parameters } };
const image = 'aGk=';

const options = { num_ctx: 2_048, num_predict: 4, temperature: 0.5, stop: ['x'], seed: 1, top_k: 4, num_gpu: 1 };

const ollamaChat = {
  ...{ model, stream: false, format: { type: 'object' }, options, keep_alive: '5m', think: false },
  ...{ logprobs: true, top_logprobs: 2, truncate: true, shift: true, tools: [functionTool] },
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'hi', images: [image] },
    {
      role: 'assistant',
      content: '',
      thinking: 'hm',
      tool_calls: [{ id: 'c', function: { name: 'f', arguments: {} } }],
    },
    { role: 'tool', content: 'x', tool_name: 'f', tool_call_id: 'c' },
  ],
};

const openaiChat = {
  model,
  messages: [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hi' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c', content: 'x' },
  ],
  ...{
    tools: [functionTool],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    stream: true,
    stream_options: { include_usage: true },
  },
  ...{
    n: 2,
    stop: ['x'],
    seed: 1,
    max_completion_tokens: 8,
    temperature: 0.5,
    top_p: 0.9,
    logprobs: true,
    top_logprobs: 2,
  },
  ...{
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: parameters, strict: true } },
    user: 'u',
  },
  ...{
    metadata: { a: 'b' },
    service_tier: 'auto',
    reasoning_effort: 'low',
    logit_bias: { 1: 2 },
    extra_body: { num_ctx: 4_096 },
  },
};

const responses = {
  model,
  input: [
    { role: 'developer', content: 'Be kind.' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'What?' },
        { type: 'input_image', image_url: `data:image/png;base64,${image}` },
      ],
    },
    { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'I look.' }] },
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'So.', annotations: [] }],
    },
    { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at": 1.0}' },
    { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'a cat' }] },
  ],
  tools: [{ type: 'function', name: 'look', parameters, strict: true }],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'look' }] },
  text: { format: { type: 'json_schema', name: 'cat', schema: { type: 'object' }, strict: true }, verbosity: 'medium' },
  ...{
    reasoning: { effort: 'low', summary: 'auto' },
    max_output_tokens: 8,
    temperature: 0.5,
    top_p: 0.1,
    top_logprobs: 2,
  },
  ...{
    include: ['reasoning.encrypted_content'],
    metadata: { trip: '7' },
    store: true,
    stream: true,
    truncation: 'disabled',
  },
  ...{
    stream_options: { include_obfuscation: false },
    user: 'u',
    service_tier: 'flex',
    background: false,
    instructions: 'x',
  },
};

const anthropic = {
  ...{ model, max_tokens: 2_000, stream: true, system: [{ type: 'text', text: 'Be brief.' }] },
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hi' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x', is_error: true }] },
  ],
  tools: [{ name: 'f', description: 'd', input_schema: parameters }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  ...{ thinking: { type: 'disabled' }, stop_sequences: ['END'], temperature: 0.5, top_p: 0.5, top_k: 4 },
  ...{
    output_config: { effort: 'low', format: { type: 'json_schema', schema: parameters } },
    metadata: { user_id: 'u' },
  },
};

/** Sound bodies with a place for everything, beside the document's own examples. */
export const skeletons: Readonly<Record<string, object>> = {
  createChat: ollamaChat,
  streamChat: ollamaChat,
  generateText: {
    ...{ model, prompt: 'hi', suffix: '', images: [image], system: 's', template: '{{ .Prompt }}', context: [1, 2] },
    ...{
      stream: true,
      raw: false,
      format: 'json',
      options,
      keep_alive: 0,
      think: false,
      logprobs: true,
      top_logprobs: 1,
    },
  },
  createEmbeddings: { model: models.embed, input: ['a', 'b'], truncate: true, dimensions: 8, options, keep_alive: -1 },
  createEmbedding: { model: models.embed, prompt: 'a', options, keep_alive: '1h' },
  showModel: { model, verbose: true },
  pullModel: { model: 'pulled', stream: false, insecure: false },
  createModel: {
    ...{
      model: 'made:1b',
      from: model,
      template: 't',
      system: 's',
      parameters: { temperature: 1, stop: ['x'] },
      license: ['l'],
    },
    ...{ messages: [{ role: 'user', content: 'x' }], quantize: 'q4_K_M', stream: false },
  },
  createChatCompletion: openaiChat,
  createCompletion: {
    ...{
      model,
      prompt: ['a', 'b'],
      suffix: 'c',
      n: 2,
      best_of: 2,
      echo: false,
      logprobs: 1,
      stream: true,
      seed: 1,
      stop: 'x',
    },
    ...{ stream_options: {}, service_tier: 'auto', max_tokens: 4, options: {}, extra_body: {} },
  },
  createOpenaiEmbeddings: {
    model: models.embed,
    input: ['a', 'b'],
    encoding_format: 'base64',
    dimensions: 8,
    user: 'u',
  },
  createResponse: responses,
  createMessage: anthropic,
  countTokens: anthropic,
  runEnsemble: {
    ...{
      messages: [{ role: 'user', content: 'x', images: [image] }],
      models: [model],
      ensembleSize: 2,
      strategy: 'vote',
    },
    ...{ consensusThreshold: 0.7, maxTokens: 8, budget: { maxCalls: 4, maxTokens: 100, maxMs: 900, maxSwaps: 2 } },
  },
  copyModel: { source: '1b', destination: 'copied' },
  deleteModel: { model: 'made:1b' },
  addNode: { name: 'spare', kind: 'agent', attributes: { tier: 1, weight: 1, labels: { room: 'attic' } } },
  updateConfig: { server: { queueSize: 100 } },
};

/** Operations that stop the others, and why no fuzz sends them. */
export const unsent: Readonly<Record<string, string>> = {
  pauseQueue: 'nothing would be answered until it is resumed',
};

/** Operations that are only sent with the bodies above: others would reach for machines of the network. */
export const onlySkeleton: ReadonlySet<string> = new Set(['addNode', 'updateConfig']);

/** Operations that take what they name away from the others, or put something else in its place: they are not told the names of what is there. */
export const destructive: ReadonlySet<string> = new Set([
  ...['deleteModel', 'createModel', 'copyModel', 'pullModel', 'removeNode', 'updateNode', 'drainNode', 'cordonNode'],
]);
