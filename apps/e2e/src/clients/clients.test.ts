import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Unavailable } from '../../../../tools/ollama/run-command.ts';
import { eventually } from '../processes.ts';
import { capabilities, type Capability, type Client, type StepResult } from './client.ts';
import { startFakeCluster, type FakeCluster } from './fake-cluster.ts';
import { unknownPlaces } from './compare.ts';
import { knownDifferences } from './differences.ts';
import { versionOf } from './page.ts';
import { clients } from './table.ts';

let cluster: FakeCluster;

beforeAll(async () => {
  cluster = await startFakeCluster();
});

afterAll(() => cluster.close());

/** What a step must have found at the fake Ollamas. */
const expected: Readonly<Record<Capability, object>> = {
  list: { models: expect.arrayContaining(['llama:1b', 'tooled:latest']) as string[] },
  chat: { text: 'You said hello there' },
  stream: { text: 'You said hello there' },
  tool: { tool: { name: 'get_weather', arguments: expect.anything() as unknown } },
  json: { value: { city: expect.stringMatching(/^(Paris|Rome)$/) as string } },
  embed: { dimensions: [384, 384] },
  error: { error: { type: expect.any(String) as string, message: expect.stringMatching(/not|unknown/i) as string } },
  cancel: {},
};

/** A first use installs what the client needs. */
const installMs = 300_000;

describe.each(clients)('$name ($from), with only the address changed', (client) => {
  it(`can ${capabilities.filter((name) => !client.lacks?.[name]).join(', ')}`, { timeout: installMs }, async (test) => {
    const results = await resultsOf(client).catch((thrown: unknown) => {
      if (thrown instanceof Unavailable) test.skip(thrown.message);
      throw thrown;
    });
    const wanted = capabilities.filter((name) => !client.lacks?.[name]);
    expect(results.map(({ capability, failed }) => [capability, failed])).toEqual(
      wanted.map((name) => [name, undefined]),
    );
    for (const { capability, found } of results) expect(found, capability).toMatchObject(expected[capability]);
    if (cluster.direct.speaks.includes(client.dialect)) {
      const direct = await Array.fromAsync(client.run(cluster.direct));
      expect(unknownPlaces(client, results, direct), 'answers of other shape than an Ollama gives').toEqual([]);
    }
    const stream = results.find(({ capability }) => capability === 'stream');
    expect(stream?.found?.pieces, 'pieces of a stream').toBeGreaterThan(2);
  });
});

/** Runs a client's steps; after each, nothing may be at work at a backend any more. */
async function resultsOf(client: Client): Promise<StepResult[]> {
  const results = [];
  for await (const result of client.run(cluster.target)) {
    results.push(result);
    const idle = () => (cluster.fakes.every(({ live }) => live === 0) ? true : undefined);
    await eventually(idle, `an end of what ${client.name} asked for in "${result.capability}"`, 2_000);
  }
  return results;
}

it('is told on a page', async () => {
  const file = join(import.meta.dirname, '../../../../docs/compatibility.md');
  // Its tables are padded.
  const page = (await readFile(file, 'utf8')).replaceAll(/ +/g, ' ');
  for (const client of clients) expect(page).toContain(`| ${client.name} | ${client.from} | ${versionOf(client)} |`);
  for (const { what, why } of knownDifferences) expect(page).toContain(`${what} | ${why} |`);
  expect(page).not.toContain('**no**');
});
