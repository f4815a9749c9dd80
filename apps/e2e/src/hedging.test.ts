import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

/** The first node comes first, and answers late. */
const routes = JSON.stringify([{ match: '*', policy: 'primary-fallback', primary: 'node0' }]);
const lateMs = 3_000;

async function start(args: readonly string[], warm: readonly string[]): Promise<void> {
  rig = await startRig({
    answer: () => 'fine',
    orchestratorArgs: ['--routes', routes, ...args],
    agentArgs: ['--ollama-num-parallel', '4'],
    parallel: 4,
  });
  for (const node of warm) await ask({ 'x-tutti-node': node });
  await eventually(async () => (await resident()) === warm.length || undefined, 'the models in memory');
  rig.fakes[0]!.fail('slow', { times: Infinity, delayMs: lateMs });
}

async function resident(): Promise<number> {
  const { data } = (await (await fetch(`${rig.orchestrator.url}/v1/models`)).json()) as {
    data: { tutti: { loaded: string[] } }[];
  };
  return data[0]?.tutti.loaded.length ?? 0;
}

async function ask(headers: Record<string, string> = { 'x-tutti-priority': 'interactive' }): Promise<string> {
  const response = await rig.post('/api/chat', { model, messages }, { headers });
  await response.text();
  return response.headers.get('x-tutti-node') ?? '';
}

/** Calls that came to each backend; models are loaded by another path. */
const asked = (): number[] =>
  rig.fakes.map(({ requests }) => requests.filter(({ path }) => path === '/api/chat').length);

describe('an interactive call whose node is late', () => {
  it('is answered by another one that has the model in memory, within the budget', async () => {
    await start(['--hedging-enabled', '--hedging-after-ms', '200'], ['node0', 'node1']);
    const before = asked();
    const nodes = await Promise.all([ask(), ask(), ask()]);
    expect(nodes.toSorted()).toEqual(['node0', 'node0', 'node1']);
    expect(asked()).toEqual([before[0]! + 3, before[1]! + 1]);
    await rig.fakes[0]!.whenAborted();
  });

  it('waits where the other one would have to load', async () => {
    await start(['--hedging-enabled', '--hedging-after-ms', '200'], ['node0']);
    expect(await ask()).toBe('node0');
    expect(rig.fakes[1]!.loads).toBe(0);
  });

  it('waits where nobody has asked for more', async () => {
    await start([], ['node0', 'node1']);
    const before = asked();
    expect(await ask()).toBe('node0');
    expect(asked()).toEqual([before[0]! + 1, before[1]]);
  });
});
