import { posts, type Question } from '../question.ts';
import { chatModel as model, embedModel, pixel, thinkingModel, toolsModel } from './models.ts';

const messages = [{ role: 'user', content: 'Say hello.' }];
const ask = { model, messages, max_tokens: 6, temperature: 0 };
const tools = [
  {
    name: 'get_weather',
    description: 'Tells the weather',
    input_schema: { type: 'object', properties: { city: { type: 'string' } } },
  },
];

/** Anthropic's API as Ollama serves it. */
export const anthropicQuestions: readonly Question[] = posts('/v1/messages', {
  'one answer': ask,
  'a stream': { ...ask, stream: true },
  'a system prompt': { ...ask, system: 'Be brief.' },
  'a system prompt in blocks': { ...ask, system: [{ type: 'text', text: 'Be brief.' }] },
  'content in blocks': { ...ask, messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }] },
  'a stop text': { ...ask, stop_sequences: ['o'] },
  'tools that are not called': { ...ask, model: toolsModel, tools },
  'tools with a model that cannot': { ...ask, tools },
  'a call of a tool in the past': {
    ...ask,
    model: toolsModel,
    tools,
    messages: [
      ...messages,
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Rome' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '20' }] },
    ],
  },
  thinking: { ...ask, model: thinkingModel, thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 6 },
  'thinking as a stream': {
    ...ask,
    model: thinkingModel,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    stream: true,
  },
  'no thinking': { ...ask, model: thinkingModel, thinking: { type: 'disabled' } },
  'an image with a model that cannot see': {
    ...ask,
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }] },
    ],
  },
  'a block that nobody knows': { ...ask, messages: [{ role: 'user', content: [{ type: 'smell' }] }] },
  'content that is a number': { ...ask, messages: [{ role: 'user', content: 1 }] },
  'no max_tokens': { model, messages },
  'max_tokens 0': { ...ask, max_tokens: 0 },
  'no messages': { ...ask, messages: [] },
  'messages that are absent': { model, max_tokens: 6 },
  'an embedding model': { ...ask, model: embedModel },
  'a model that is not there': { ...ask, model: 'nope' },
  'an empty name': { ...ask, model: '' },
  'no body': '',
  'a body that is no JSON': '{',
  'longer than the context': { ...ask, messages: [{ role: 'user', content: 'word '.repeat(400) }] },
});
