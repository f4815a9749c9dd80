import { describe, expect, it } from 'vitest';
import { ollamaUrl } from './base-url.ts';

describe('the address of Ollama', () => {
  it.each([
    [{}, 'http://127.0.0.1:11434'],
    [{ ollamaHost: 'gpu' }, 'http://gpu:11434'],
    [{ ollamaHost: 'gpu:1234' }, 'http://gpu:1234'],
    [{ ollamaHost: ':1234' }, 'http://127.0.0.1:1234'],
    [{ ollamaHost: '0.0.0.0' }, 'http://127.0.0.1:11434'],
    [{ ollamaHost: 'http://gpu:1234/' }, 'http://gpu:1234'],
    [{ ollamaHost: 'https://gpu.example' }, 'https://gpu.example'],
    [{ llamaBaseUrl: 'http://gpu:1234/api' }, 'http://gpu:1234'],
    [{ llamaBaseUrl: 'http://gpu:1234/api/', ollamaHost: 'other' }, 'http://gpu:1234'],
  ])('%o is %s', (settings, url) => {
    expect(ollamaUrl(settings)).toBe(url);
  });

  it('says which setting is no address', () => {
    expect(() => ollamaUrl({ ollamaHost: 'http://a b' })).toThrow('OLLAMA_HOST is "http://a b"');
  });
});
