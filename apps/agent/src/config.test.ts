import { join } from 'node:path';
import { devNull } from 'node:os';
import { expect, it } from 'vitest';
import { backends } from '@tutti/backends';
import { readConfig } from './config.ts';

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
