import { expect, it } from 'vitest';
import { parseModelName } from './model-name.ts';

it.each([
  ['llama3', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
  ['llama3:8b', 'registry.ollama.ai/library/llama3:8b', 'llama3:8b'],
  ['someone/llama3', 'registry.ollama.ai/someone/llama3:latest', 'someone/llama3:latest'],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b:c', 'localhost:5000/a/b:c'],
])('%s', (text, full, short) => expect(parseModelName(text)).toEqual({ full, short, valid: true }));

it.each(['', 'a b', 'a/b/c/d', ':tag', 'name:', '-a', 'a.b/c'])('%j is no valid name', (text) => {
  expect(parseModelName(text).valid).toBe(false);
});
