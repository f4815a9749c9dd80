import { readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Agent,
  type Orchestrator,
} from './processes.ts';

interface NodeRow {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly problem: string;
}

async function nodesOf({ url }: Pick<Orchestrator, 'url'>): Promise<NodeRow[]> {
  return ((await (await fetch(`${url}/api/nodes`)).json()) as { nodes: NodeRow[] }).nodes;
}

async function end(agent: Agent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  agent.kill(signal);
  await agent.exited;
}

describe('a node that comes back', () => {
  afterEach(stopAll);

  async function startNode() {
    const orchestrator = await startOrchestrator();
    const folder = await temporaryFolder();
    const start = (name = 'box'): Promise<Agent> =>
      startAgent({ name, orchestrators: [orchestrator], backend: 'echo', args: ['--data-folder', folder] });
    const agent = await start();
    await nodesReady(orchestrator, 1);
    const [{ id }] = (await nodesOf(orchestrator)) as [NodeRow];
    /** Waits until there is exactly this one. */
    const alone = (name: string) =>
      eventually(async () => {
        const rows = (await nodesOf(orchestrator)).map((row) => `${row.name} ${row.id} ${row.status}`);
        return rows.join() === `${name} ${id} READY`;
      }, `${name} alone, ready`);
    return { orchestrator, start, agent, alone };
  }

  it('on another port is the same node (N12)', async () => {
    const { start, agent, alone } = await startNode();
    await end(agent);
    const again = await start();
    expect(again.facts.port).not.toBe(agent.facts.port);
    await alone('box');
  });

  it('under another name is the same node, and leaves no other', async () => {
    const { start, agent, alone } = await startNode();
    await end(agent);
    await start('crate');
    await alone('crate');
  });

  it.skipIf(platform() !== 'linux')(
    'eight times in a row is one node with one connection (check 28)',
    async () => {
      const { orchestrator, start, agent, alone } = await startNode();
      const sockets = async () => (await readdir(`/proc/${orchestrator.pid}/fd`)).length;
      const before = await sockets();
      const registrations = () => orchestrator.log().match(/"node registered"/g)?.length;
      let last = agent;
      for (let time = 0; time < 8; time++) {
        await end(last);
        last = await start();
        await eventually(() => registrations() === time + 2, 'the orchestrator hears of it');
      }
      await alone('box');
      await eventually(async () => (await sockets()) <= before, `no more than ${before} open files`);
    },
    // Each of its eight processes takes seconds to start on a busy machine.
    90_000,
  );

  it('too often has to wait while others can do its work, and says so', async () => {
    const { orchestrator, agent } = await startNode();
    await Promise.all(['b', 'c'].map((name) => startAgent({ name, orchestrators: [orchestrator], backend: 'echo' })));
    await nodesReady(orchestrator, 3);
    for (let time = 0; time < 3; time++) {
      agent.kill('SIGSTOP');
      await nodesReady(orchestrator, 2);
      agent.kill('SIGCONT');
      if (time < 2) await nodesReady(orchestrator, 3);
    }
    const box = await eventually(
      async () => (await nodesOf(orchestrator)).find(({ name, status }) => name === 'box' && status === 'UNHEALTHY'),
      'it waits',
    );
    expect(box.problem).toMatch(/It came and went 3 times within a minute; if it stays, it gets calls again in \d+ s/);
  }, 40_000);
});
