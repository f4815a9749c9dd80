import { devNull } from 'node:os';
import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

const env = { TUTTI_CONFIG: devNull };

it('sees what changes while it runs', () => {
  const config = readConfig(['--queue-size', '3', '--host', '0.0.0.0'], env);
  config.settings.patch({ server: { queueSize: 4 }, logging: { level: 'debug' } });
  expect(config).toMatchObject({ host: '0.0.0.0', queueSize: 4, logLevel: 'debug' });
});
