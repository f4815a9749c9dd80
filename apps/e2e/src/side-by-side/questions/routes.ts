import { plain, posts, question, type Question } from '../question.ts';
import { chatModel, embedModel, thinkingModel, toolsModel } from './models.ts';

const zeros = `sha256:${'0'.repeat(64)}`;
/** Of "hello". */
const hello = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

/** What Ollama says of itself, and routes that are none. */
export const routeQuestions: readonly Question[] = [
  ...plain('GET', [
    '/',
    '/api/version',
    '/api/tags',
    '/api/ps',
    '/api/status',
    '/api',
    '/nope',
    '/api/nope',
    '/api/chat',
    '/api/pull',
  ]),
  ...plain('HEAD', ['/', '/api/version', '/api/tags', '/api/ps', '/nope']),
  ...plain('POST', ['/', '/api/tags', '/api/version', '/nope', '/api/me', '/api/signout']),
  ...plain('PUT', ['/api/chat']),
  ...plain('DELETE', ['/api/chat']),
];

/** What is asked and told about models. They change them, and leave them as they were. */
export const modelQuestions: readonly Question[] = [
  ...posts('/api/show', {
    'a chat model': { model: chatModel },
    'an embedding model': { model: embedModel },
    'a model with tools': { model: toolsModel },
    'a model that thinks': { model: thinkingModel },
    'by its older name': { name: chatModel },
    'without its tag': { model: 'all-minilm' },
    'in full': { model: embedModel, verbose: true },
    'with a system prompt': { model: chatModel, system: 'Be brief.' },
    'with options': { model: chatModel, options: { temperature: 0 } },
    'a model that is not there': { model: 'nope' },
    'a name that can be none': { model: 'a b' },
    'an empty name': { model: '' },
    'a name that is a number': { model: 1 },
    'no name': {},
    'no body': '',
    'a body that is no JSON': '{',
  }),
  ...posts('/api/copy', {
    'a copy': { source: chatModel, destination: 'copied' },
    'once more': { source: chatModel, destination: 'copied:latest' },
    'a source that is not there': { source: 'nope', destination: 'copied' },
    'no source': { destination: 'copied' },
    'no destination': { source: chatModel },
    'a destination that can be none': { source: chatModel, destination: 'a b' },
    'a source that can be none': { source: 'a b', destination: 'copied' },
    'no body': '',
    'a body that is no JSON': '{',
  }),
  ...posts('/api/create', {
    'of a model': { model: 'created', from: chatModel, system: 'Be brief.', parameters: { temperature: 0.5 } },
    'of a model, in one piece': { model: 'created', from: chatModel, system: 'Be brief.', stream: false },
    'of a copy': { model: 'created', from: 'copied', stream: false },
    'of a model that can be none': { model: 'created', from: 'a b', stream: false },
    'of nothing': { model: 'created' },
    'of nothing, in one piece': { model: 'created', stream: false },
    'of a file that is not there': { model: 'created', files: { 'a.gguf': zeros }, stream: false },
    'of a file that is not there, as a stream': { model: 'created', files: { 'a.gguf': zeros } },
    'of a file whose name is none': { model: 'created', files: { '../a': zeros }, stream: false },
    'with a template that is wrong': { model: 'created', from: chatModel, template: '{{ .', stream: false },
    'with a parameter that nobody knows': {
      model: 'created',
      from: chatModel,
      parameters: { colour: 1 },
      stream: false,
    },
    'with a level of quantization that nobody knows': {
      model: 'created',
      from: chatModel,
      quantize: 'q99',
      stream: false,
    },
    'with an empty name': { model: '', from: chatModel },
    'with a name that can be none': { model: 'a b', from: chatModel },
    'without a name': { from: chatModel },
    'without a body': '',
    'with a body that is no JSON': '{',
  }),
  ...posts('/api/show', { 'what was created': { model: 'created' }, 'what was copied': { model: 'copied' } }),
  ...plain('GET', ['/api/tags?after=create']),
  ...posts('/api/pull', {
    'a name that can be none': { model: 'a b' },
    'an empty name': { model: '' },
    'no name': {},
    'no body': '',
    'a body that is no JSON': '{',
    'a registry that does not answer': { model: '127.0.0.1:9/nope/nope', insecure: true },
    'a registry that does not answer, in one piece': { model: '127.0.0.1:9/nope/nope', insecure: true, stream: false },
    'a registry without TLS': { model: 'http://127.0.0.1:9/nope/nope' },
  }),
  ...posts('/api/push', {
    'a model that is not there': { model: 'nope' },
    'a model that is not there, in one piece': { model: 'nope', stream: false },
    'an empty name': { model: '' },
    'no body': '',
    'a registry that does not answer': { model: 'http://127.0.0.1:9/a/created', insecure: true },
  }),
  ...plain('HEAD', [
    `/api/blobs/${zeros}`,
    '/api/blobs/sha256:1',
    `/api/blobs/${zeros.replace(':', '-')}`,
    `/api/blobs/${hello}`,
  ]),
  ...[
    question('POST', `/api/blobs/${zeros}`, 'other content', 'hello'),
    question('POST', '/api/blobs/sha256:1', 'no digest', 'hello'),
    question('POST', `/api/blobs/${hello}`, 'content', 'hello', {}),
    question('POST', `/api/blobs/${hello}`, 'content again', 'hello', {}),
  ],
  ...[
    question('DELETE', '/api/delete', 'a model', { model: 'created' }),
    question('DELETE', '/api/delete', 'the same again', { model: 'created' }),
    question('DELETE', '/api/delete', 'by its older name', { name: 'copied' }),
    question('DELETE', '/api/delete', 'a name that can be none', { model: 'a b' }),
    question('DELETE', '/api/delete', 'an empty name', { model: '' }),
    question('DELETE', '/api/delete', 'no name', {}),
    question('DELETE', '/api/delete', 'no body', ''),
    question('DELETE', '/api/delete', 'a body that is no JSON', '{'),
  ],
];
