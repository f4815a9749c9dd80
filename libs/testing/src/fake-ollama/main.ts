import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startFakeOllama } from './fake-ollama.ts';
import type { FakeModel } from './model.ts';

const number = { type: 'string' } as const;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    models: { type: 'string' },
    embedders: { type: 'string', default: '' },
    'models-file': { type: 'string' },
    tokens: number,
    'token-delay-ms': number,
    'first-token-delay-ms': number,
    'prefill-speed': number,
    'decode-speed': number,
    'slow-by-same': number,
    'slow-by-others': number,
    'load-ms': number,
    parallel: number,
    'memory-bytes': number,
    'max-loaded-models': number,
    'max-queue': number,
    'context-length': number,
    'keep-alive-ms': number,
  },
});

const names = (list: string): string[] => list.split(',').filter((name) => name !== '');

/** The file is a JSON list of models, each with a name and what else a `FakeModel` may say. */
function models(): (string | FakeModel)[] {
  const file = values['models-file'];
  const inFile = file === undefined ? [] : (JSON.parse(readFileSync(file, 'utf8')) as FakeModel[]);
  const chat = names(values.models ?? (file === undefined ? 'smollm2:135m' : ''));
  const embedders = names(values.embedders).map((name) => ({ name, capabilities: ['embedding'] as const }));
  return [...inFile, ...chat, ...embedders];
}

/** The options that are numbers and were given, by their names in code. */
function numbers(): Record<string, number> {
  const given = Object.entries(values).filter(
    ([name]) => !['host', 'models', 'embedders', 'models-file'].includes(name),
  );
  return Object.fromEntries(
    given.map(([name, value]) => [name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), Number(value)]),
  );
}

const fake = await startFakeOllama({
  ...numbers(),
  host: values.host,
  models: models(),
  keepRequests: 0,
  control: true,
});

process.stdout.write(`${JSON.stringify({ port: fake.port, url: fake.url })}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void fake.close());
