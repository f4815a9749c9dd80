import { parseArgs } from 'node:util';
import { startFakeOllama } from '@tutti/testing';
import { model } from '../workload.ts';

/** The backend behind all targets: every answer is as long as its request asks for. */
const { values } = parseArgs({ options: { 'token-delay-ms': { type: 'string', default: '0' } } });

const { port } = await startFakeOllama({
  models: [model],
  tokens: Infinity,
  tokenDelayMs: Number(values['token-delay-ms']),
  parallel: 10_000,
  keepRequests: 0,
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: { port } });
