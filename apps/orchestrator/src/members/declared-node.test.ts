import { describe, expect, it } from 'vitest';
import { declaredNode, serverSettings } from './declared-node.ts';

const declared = {
  name: 'rack',
  kind: 'openai' as const,
  url: 'https://[fd00::1]:8443/v1',
  apiKey: 'sk-1',
  models: ['m'],
  slots: 4,
  trust: 'cluster' as const,
  tier: 2,
};

describe('a node that is declared with a URL', () => {
  it('is kept without what its server is reached with', () => {
    expect(declaredNode(declared)).toEqual({
      name: 'rack',
      kind: 'openai',
      host: 'fd00::1',
      attributes: { tier: 2, trust: 'cluster' },
    });
  });

  it('has the settings of its server in the configuration only', () => {
    const { url, apiKey, models, slots, trust } = declared;
    expect(serverSettings([declared], 'rack')).toEqual({ url, apiKey, models, slots, trust });
    expect(serverSettings([declared], 'other')).toBeUndefined();
    expect(serverSettings([{ name: 'o', kind: 'ollama', host: 'h' }], 'o')).toBeUndefined();
  });
});
