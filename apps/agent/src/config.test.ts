import { join } from 'node:path';
import { devNull } from 'node:os';
import { expect, it } from 'vitest';
import { backends } from '@tutti/backends';
import { readConfig, serversOf } from './config.ts';

const env = { TUTTI_CONFIG: devNull };

it('keeps what is its own apart from what an orchestrator keeps', () => {
  expect(readConfig(['--data-folder', '/data'], env).dataFolder).toBe(join('/data', 'agent'));
});

it('sees a log level that changes', () => {
  const config = readConfig(['--log-level', 'error'], env);
  config.settings.patch({ logging: { level: 'debug' } });
  expect(config.logLevel).toBe('debug');
});

it('can be told to use each backend', () => {
  for (const kind of ['auto', ...Object.keys(backends)]) {
    expect(readConfig(['--backend', kind], env).backend).toBe(kind);
  }
});

it('reaches servers of other APIs by the variables that their own clients know', () => {
  const variables = { OPENAI_BASE_URL: 'http://h:8080/v1', OPENAI_API_KEY: 'k', TUTTI_AGENT_MODELS: 'a,b' };
  expect(serversOf(readConfig([], { ...env, ...variables }))).toEqual({
    openai: { url: 'http://h:8080/v1', apiKey: 'k', models: ['a', 'b'], strict: false },
  });
  expect(serversOf(readConfig([], env))).toEqual({});
});
