import { parseArgs } from 'node:util';
import { startFakeOllama } from './fake-ollama.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    models: { type: 'string', default: 'smollm2:135m' },
    embedders: { type: 'string', default: '' },
    tokens: { type: 'string', default: '16' },
    'token-delay-ms': { type: 'string', default: '0' },
    'first-token-delay-ms': { type: 'string', default: '0' },
    'load-ms': { type: 'string', default: '0' },
    parallel: { type: 'string', default: '1' },
  },
});

const names = (list: string): string[] => list.split(',').filter((name) => name !== '');

const fake = await startFakeOllama({
  port: Number(values.port),
  host: values.host,
  models: [
    ...names(values.models),
    ...names(values.embedders).map((name) => ({ name, capabilities: ['embedding'] as const })),
  ],
  tokens: Number(values.tokens),
  tokenDelayMs: Number(values['token-delay-ms']),
  firstTokenDelayMs: Number(values['first-token-delay-ms']),
  loadMs: Number(values['load-ms']),
  parallel: Number(values.parallel),
  keepRequests: 0,
});

process.stdout.write(`${JSON.stringify({ port: fake.port, url: fake.url })}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void fake.close());
