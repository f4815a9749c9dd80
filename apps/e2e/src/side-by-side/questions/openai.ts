import { plain, posts, type Question } from '../question.ts';
import { chatModel as model, embedModel, pixel, schema, thinkingModel, tool, toolsModel } from './models.ts';

const messages = [{ role: 'user', content: 'Say hello.' }];
const exact = { temperature: 0, seed: 1, max_tokens: 6 };
const chat = { model, messages, ...exact };
const complete = { model, prompt: 'One, two, three,', ...exact };

/** OpenAI's API as Ollama serves it. */
export const openaiQuestions: readonly Question[] = [
  ...plain('GET', [
    '/v1/models',
    `/v1/models/${model}`,
    '/v1/models/all-minilm',
    '/v1/models/nope',
    '/v1/nope',
    '/v1/chat/completions',
  ]),
  ...posts('/v1/chat/completions', {
    'one answer': chat,
    'a stream': { ...chat, stream: true },
    'a stream with usage': { ...chat, stream: true, stream_options: { include_usage: true } },
    'several turns': {
      ...chat,
      messages: [
        { role: 'system', content: 'Be brief.' },
        ...messages,
        { role: 'assistant', content: 'Hello.' },
        ...messages,
      ],
    },
    'content in parts': { ...chat, messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }] },
    'the length is reached': { ...chat, max_tokens: 1 },
    'a stop text': { ...chat, stop: 'o' },
    'stop texts': { ...chat, stop: ['o', 'x'] },
    'a stop that is a number': { ...chat, stop: 1 },
    'a JSON object': { ...chat, response_format: { type: 'json_object' }, max_tokens: 24 },
    'a JSON schema': {
      ...chat,
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema } },
      max_tokens: 24,
    },
    logprobs: { ...chat, logprobs: true, top_logprobs: 1, max_tokens: 2 },
    'too many alternatives': { ...chat, logprobs: true, top_logprobs: 21 },
    'effort of reasoning': { ...chat, model: thinkingModel, reasoning_effort: 'low' },
    'effort of reasoning, as a stream': { ...chat, model: thinkingModel, reasoning_effort: 'low', stream: true },
    'no effort of reasoning': { ...chat, model: thinkingModel, reasoning_effort: 'none' },
    'effort that nobody knows': { ...chat, model: thinkingModel, reasoning_effort: 'huge' },
    'tools that are not called': { ...chat, model: toolsModel, tools: [tool] },
    'tools with a model that cannot': { ...chat, tools: [tool] },
    'a call of a tool in the past': {
      ...chat,
      model: toolsModel,
      messages: [
        ...messages,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Rome"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '20' },
      ],
    },
    'arguments of a call that are no JSON': {
      ...chat,
      messages: [
        ...messages,
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{' } }],
        },
      ],
    },
    'an image with a model that cannot see': {
      ...chat,
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }] },
      ],
    },
    'an image that is no data': {
      ...chat,
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,%%%' } }] }],
    },
    'a part that nobody knows': { ...chat, messages: [{ role: 'user', content: [{ type: 'smell' }] }] },
    'content that is a number': { ...chat, messages: [{ role: 'user', content: 1 }] },
    'no messages': { ...chat, messages: [] },
    'messages that are absent': { model },
    'an embedding model': { ...chat, model: embedModel },
    'a model that is not there': { ...chat, model: 'nope' },
    'an empty name': { ...chat, model: '' },
    'no name': { messages },
    'no body': '',
    'a body that is no JSON': '{',
    'a temperature that is text': { ...chat, temperature: 'hot' },
    'max_tokens that are text': { ...chat, max_tokens: 'few' },
    'max_tokens 0': { ...chat, max_tokens: 0 },
    'stream that is text': { ...chat, stream: 'yes' },
    'a field that nobody knows': { ...chat, colour: 'red' },
    'longer than the context': { ...chat, messages: [{ role: 'user', content: 'word '.repeat(400) }] },
  }),
  ...posts('/v1/completions', {
    'one answer': complete,
    'a stream': { ...complete, stream: true },
    'a stream with usage': { ...complete, stream: true, stream_options: { include_usage: true } },
    'the length is reached': { ...complete, max_tokens: 1 },
    'a suffix with a model that cannot insert': { ...complete, suffix: 'five' },
    'a prompt that is a list': { ...complete, prompt: ['a', 'b'] },
    'no prompt': { model, ...exact },
    'an empty prompt': { ...complete, prompt: '' },
    'a model that is not there': { ...complete, model: 'nope' },
    'no body': '',
    'a body that is no JSON': '{',
  }),
  ...posts('/v1/embeddings', {
    'one text': { model: embedModel, input: 'the sky' },
    'two texts': { model: embedModel, input: ['the sky', 'a cat'] },
    'in base64': { model: embedModel, input: 'the sky', encoding_format: 'base64' },
    'in floats': { model: embedModel, input: 'the sky', encoding_format: 'float' },
    'in another way': { model: embedModel, input: 'the sky', encoding_format: 'hex' },
    'few dimensions': { model: embedModel, input: 'the sky', dimensions: 8 },
    'an empty text': { model: embedModel, input: '' },
    'no text': { model: embedModel, input: [] },
    'no input': { model: embedModel },
    'input that is a number': { model: embedModel, input: 1 },
    'longer than the context': { model: embedModel, input: 'word '.repeat(600) },
    'a chat model': { model, input: 'the sky' },
    'a model that is not there': { model: 'nope', input: 'a' },
    'no body': '',
    'a body that is no JSON': '{',
  }),
];
