import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Unavailable } from '../../../../tools/ollama/run-command.ts';
import { reportOn } from './compare.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';
import { clients } from './table.ts';

const ollama = inject('ollama');

describe.skipIf(!ollama.available)('with a real model behind, and only the address changed', () => {
  let cluster: RealCluster;

  beforeAll(async () => {
    if (ollama.available) cluster = await startRealCluster(ollama);
  });

  afterAll(() => cluster?.close());

  it.for(clients)('$name ($from) does all that it can, and gets what an Ollama gives', async (client, test) => {
    const report = await reportOn(client, cluster.target, cluster.direct).catch((thrown: unknown) => {
      if (thrown instanceof Unavailable) test.skip(thrown.message);
      throw thrown;
    });
    expect(report.results.filter(({ failed }) => failed)).toEqual([]);
    expect(report.results.length).toBeGreaterThan(4);
    expect(report.unknown).toEqual([]);
  });
});
