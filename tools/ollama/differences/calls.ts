import { chatModel, embedModel, thinkingModel, toolsModel } from '../recipes.ts';

/** One request, sent to both servers. The order matters: earlier calls decide what is loaded. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const brief = { temperature: 0, num_predict: 3 };
const user = (content: string): object[] => [{ role: 'user', content }];
const long = 'one two three '.repeat(1000);
const weather = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } };
const weatherCall = {
  type: 'object',
  properties: {
    name: { enum: ['get_weather'] },
    arguments: { type: 'object', properties: { city: { enum: ['Paris'] } }, required: ['city'] },
  },
  required: ['name', 'arguments'],
};
const yes = { type: 'object', properties: { answer: { enum: ['yes'] } }, required: ['answer'] };

const get = (path: string, headers: Record<string, string> = {}): Call => ({ method: 'GET', path, headers });
const other = (method: string, path: string): Call => ({ method, path });
const post = (path: string, body: unknown): Call => ({
  method: 'POST',
  path,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const both = (path: string, body: object): Call[] => [post(path, body), post(path, { ...body, stream: false })];

const chat = (body: object): Call[] => both('/api/chat', { model: chatModel, options: brief, ...body });
const generate = (body: object): Call[] => both('/api/generate', { model: chatModel, options: brief, ...body });
const embed = (body: object): Call => post('/api/embed', { model: embedModel, ...body });

const pages: Call[] = [
  get('/'),
  other('HEAD', '/'),
  get('/api/version'),
  other('HEAD', '/api/version'),
  get('/api/tags'),
  get('/api/tags?x=1'),
  other('HEAD', '/api/tags'),
  get('/api/ps'),
  ...[chatModel, embedModel, toolsModel, thinkingModel].map((model) => post('/api/show', { model })),
  post('/api/show', { name: chatModel.toUpperCase() }),
];

const unknown: Call[] = [
  get('/nope'),
  get('/api'),
  get('/api/chat'),
  other('PUT', '/api/tags'),
  other('HEAD', '/api/ps'),
  other('DELETE', '/'),
  other('OPTIONS', '/api/chat'),
  get('/api/version', { Host: 'example.com' }),
];

const loading: Call[] = [
  post('/api/chat', { model: chatModel }),
  post('/api/chat', { model: chatModel, messages: [], keep_alive: '10m' }),
  get('/api/ps'),
  post('/api/generate', { model: chatModel, keep_alive: -1 }),
  post('/api/generate', { model: chatModel, options: { num_ctx: 512 } }),
  get('/api/ps'),
  post('/api/generate', { model: chatModel, options: { num_ctx: 1 } }),
  get('/api/ps'),
  post('/api/chat', { model: chatModel, messages: [], keep_alive: 0 }),
  post('/api/generate', { model: chatModel, prompt: '', keep_alive: '0s' }),
  get('/api/ps'),
];

const answers: Call[] = [
  ...chat({ messages: user('Say <hi> & "bye"') }),
  ...chat({ messages: user('one token'), options: { ...brief, num_predict: 1 } }),
  ...chat({ messages: user('logprobs'), logprobs: true }),
  ...chat({ messages: user('logprobs'), logprobs: true, top_logprobs: 2 }),
  ...chat({ messages: user('yes or no'), format: yes, options: { temperature: 0, num_predict: 40 } }),
  ...chat({ model: chatModel.toUpperCase(), messages: user('case') }),
  ...chat({ messages: user('x'), think: false, format: '' }),
  ...chat({
    model: toolsModel,
    messages: user('call:get_weather'),
    tools: [weather],
    format: weatherCall,
    options: { temperature: 0 },
  }),
  ...chat({ model: toolsModel, messages: user('no call'), tools: [weather] }),
  ...chat({ model: thinkingModel, messages: user('think'), think: true }),
  ...chat({ model: thinkingModel, messages: user('think'), think: true, logprobs: true }),
  ...chat({ model: thinkingModel, messages: user('do not think'), think: false }),
  ...chat({ messages: user(long), options: { ...brief, num_ctx: 256 } }),
  post('/api/generate', { model: thinkingModel, prompt: 'think', stream: false, options: brief }),
  ...generate({ prompt: 'Say <hi>' }),
  ...generate({ prompt: 'raw', raw: true }),
  ...generate({ prompt: 'context', context: [1, 2, 3] }),
  ...generate({ prompt: 'logprobs', logprobs: true, top_logprobs: 2 }),
  ...generate({ prompt: 'stop', options: { ...brief, num_predict: 1 }, template: '{{ .Prompt }}', system: 'be brief' }),
  `{"model":"${chatModel}","messages":[]} and more`,
].map((call) => (typeof call === 'string' ? post('/api/chat', call) : call));

const embeddings: Call[] = [
  ...[toolsModel, thinkingModel].map((model) => post('/api/generate', { model, keep_alive: 0 })),
  embed({ input: 'hello' }),
  embed({ input: ['a', 'b c', ''], dimensions: 4 }),
  embed({ input: 'a', dimensions: 100_000 }),
  embed({ input: long, dimensions: 2 }),
  embed({ model: chatModel, input: 'hello', dimensions: 2 }),
  embed({ model: 'ALL-MINILM', input: 'a', dimensions: 2 }),
  embed({}),
  embed({ input: [] }),
  embed({ input: '' }),
  post('/api/embeddings', { model: embedModel, prompt: 'hello' }),
  post('/api/embeddings', { model: chatModel, prompt: 'hello', keep_alive: '10m' }),
  post('/api/embeddings', { model: embedModel, prompt: '' }),
  post('/api/embeddings', { model: embedModel }),
  get('/api/ps'),
];

const refusals: Call[] = [
  ...chat({ model: 'nope', messages: user('x') }),
  ...chat({ model: embedModel, messages: user('x') }),
  ...chat({ messages: user('x'), tools: [weather] }),
  ...chat({ messages: user('x'), think: true }),
  ...chat({ messages: user('x'), think: 'low' }),
  ...chat({ model: thinkingModel, messages: user('x'), think: 'low' }),
  ...chat({ messages: user('x'), format: 'xml' }),
  ...chat({ messages: user('x'), format: 3 }),
  ...chat({ messages: user('x'), format: { type: 3 } }),
  ...chat({ messages: user(long), truncate: false, shift: false }),
  ...chat({ messages: user('x'), options: { num_ctx: 'many' } }),
  ...chat({ messages: user('x'), options: { temperature: 'hot' } }),
  ...chat({ messages: user('x'), options: { stop: 'x' } }),
  ...chat({ messages: user('x'), options: { stop: [1] } }),
  ...chat({ messages: user('x'), options: { use_mmap: 1 } }),
  ...chat({ messages: user('x'), options: { unknown_option: 1, num_predict: 1 } }),
  ...generate({ model: 'nope', prompt: 'x' }),
  ...generate({ model: '', prompt: 'x' }),
  ...generate({ model: 'a b', prompt: 'x' }),
  ...generate({ model: embedModel, prompt: 'x' }),
  ...generate({ prompt: 'x', raw: true, template: 'x' }),
  ...generate({ prompt: 'x', raw: true, context: [1] }),
  ...generate({ prompt: 'x', suffix: 'y' }),
  ...generate({ prompt: 'x', think: true }),
  ...generate({ prompt: 'x', think: 'high' }),
  ...generate({ prompt: long, truncate: false }),
  ...generate({ prompt: 'x', top_logprobs: -1 }),
  embed({ model: 'nope', input: 'a' }),
  embed({ model: '', input: 'a' }),
  embed({ model: 'a b', input: 'a' }),
  embed({ input: 3 }),
  embed({ input: {} }),
  embed({ input: ['a', 3] }),
  embed({ input: long, truncate: false }),
  embed({ input: 'a', options: { num_ctx: 'x' } }),
  ...[
    { model: 'nope' },
    { model: '' },
    { model: 'a b' },
    { model: embedModel, prompt: long },
    { model: embedModel, options: { num_ctx: 'x' } },
  ].map((body) => post('/api/embeddings', { prompt: 'a', ...body })),
  ...[{}, { model: 'nope' }, { model: 'a b' }, { model: 'a/b/c/d' }, { model: 3 }].map((body) =>
    post('/api/show', body),
  ),
];

/** Bodies that are no request at all, or have a field of the wrong type. */
const badBodies: readonly string[] = [
  ...[
    '',
    ' ',
    '{',
    '{"model":',
    'nope',
    'tru',
    '{"a":1',
    '{"model":"x",}',
    "{'a':1}",
    '{"a":tru}',
    '[1,2',
    '[1 2]',
    '{a}',
  ],
  ...[
    '{"a":"\\x"}',
    '{"a":"\\u12g"}',
    '{"a":1.}',
    '{"a":-}',
    '{"a":1e}',
    '{"a":01}',
    '{"a" 1}',
    '{"a":1 "b"}',
    '{"a":"\n"}',
  ],
  ...[
    '{"a":é}',
    '{"a":/',
    '[]',
    '"s"',
    '3',
    'null',
    '{"model":3}',
    '{"model":""}',
    '{"model":"a b"}',
    '{"model":"a/b/c/d/e"}',
  ],
  ...['{"stream":"yes"}', '{"options":[]}', '{"options":3}', '{"truncate":1}', '{"logprobs":1}', '{"top_logprobs":21}'],
  ...['{"top_logprobs":"a"}', '{"top_logprobs":1.5}', '{"think":"very"}', '{"think":3}', '{"think":[]}'],
  ...['"abc"', '"300"', '"5x"', '""', '"-1"', '"."', '"1m x"', '"<"', 'true', '[]', '{}'].map(
    (json) => `{"keep_alive":${json}}`,
  ),
];

const badChatBodies: readonly string[] = [
  ...[
    '{"model":"m","messages":"x"}',
    '{"messages":[3]}',
    '{"messages":[{"role":3}]}',
    '{"messages":[{"content":[{}]}]}',
  ],
  ...['{"messages":[{"images":["%%%"]}]}', '{"messages":[{"images":"a"}]}', '{"messages":[{"tool_calls":{}}]}'],
  ...['{"messages":[{"tool_calls":[{"id":3}]}]}', '{"messages":[{"tool_calls":[{"function":{"name":3}}]}]}'],
  ...['"{}"', '[]', '3'].map((json) => `{"messages":[{"tool_calls":[{"function":{"arguments":${json}}}]}]}`),
  ...['{"tools":{}}', '{"tools":[3]}', '{"tools":[{"type":3}]}', '{"tools":[{"function":{"parameters":3}}]}'],
  '{"tools":[{"function":{"name":3}}]}',
];

const badGenerateBodies: readonly string[] = [
  '{"prompt":3}',
  '{"context":["a"]}',
  '{"raw":1}',
  '{"images":["%"]}',
  '{"suffix":[]}',
];
const badEmbedBodies: readonly string[] = [
  '',
  '{',
  '[]',
  '{"model":3}',
  '{"dimensions":"x"}',
  '{"truncate":1}',
  '{"keep_alive":"x"}',
];

export const calls: Readonly<Record<string, readonly Call[]>> = {
  pages,
  'unknown paths and methods': unknown,
  'loading and unloading': loading,
  answers,
  embeddings,
  refusals,
  'bad bodies': [
    ...badBodies.flatMap((body) => [post('/api/chat', body), post('/api/generate', body)]),
    ...badChatBodies.map((body) => post('/api/chat', body)),
    ...badGenerateBodies.map((body) => post('/api/generate', body)),
    ...badEmbedBodies.flatMap((body) => [post('/api/embed', body), post('/api/show', body)]),
    ...['', '{', '[]', '{"model":3}', '{"prompt":3}', '{"keep_alive":"x"}'].map((body) =>
      post('/api/embeddings', body),
    ),
  ],
};
