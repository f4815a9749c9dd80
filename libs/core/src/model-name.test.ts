import { describe, expect, it } from 'vitest';
import { canonicalModel } from './model-name.ts';

describe('the name of a model', () => {
  it.each([
    ['llama3.2', 'llama3.2:latest'],
    ['llama3.2:1b', 'llama3.2:1b'],
    ['library/llama3.2', 'llama3.2:latest'],
    ['registry.ollama.ai/library/llama3.2:1b', 'llama3.2:1b'],
    ['registry.ollama.ai/someone/llama3.2', 'someone/llama3.2:latest'],
    ['someone/library/llama3.2', 'someone/library/llama3.2:latest'],
    ['hf.co:443/someone/model', 'hf.co:443/someone/model:latest'],
  ])('%s is %s', (name, canonical) => {
    expect(canonicalModel(name)).toBe(canonical);
    expect(canonicalModel(canonical)).toBe(canonical);
  });
});
