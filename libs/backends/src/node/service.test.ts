import { ClusterError, done, type Generate } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { describe, expect, it } from 'vitest';
import { chatCall } from '../calls.fixture.ts';
import { agentService } from './service.ts';
import type { StateFeed } from './state-feed.ts';

const generate: Generate = async function* () {
  yield done({ reason: 'stop' });
};

const feed: Pick<StateFeed, 'watch'> = { watch: async function* () {} };

/** An agent at epoch 2 of orchestrator `o`. */
function startRig() {
  const nudged: string[] = [];
  const check = ({ owner, epoch }: { owner: string; epoch: number }): void => {
    if (owner !== 'o' || epoch !== 2) throw new ClusterError('stale_epoch', 'not this one');
  };
  const channel = createMemoryChannel();
  channel.addService(
    AgentService,
    agentService({ generate, feed, standing: { check, nudge: (owner) => nudged.push(owner) } }),
  );
  const client = createClient(channel, AgentService, { deadlineMs: 1_000 });
  const invoke = (dispatch?: { owner: string; epoch: number; hops?: number }) =>
    Array.fromAsync(client.invoke({ call: chatCall('m', 'hi'), ...(dispatch && { dispatch }) }));
  return { client, invoke, nudged };
}

describe('an agent', () => {
  it('runs what is meant for it', async () => {
    expect(await startRig().invoke({ owner: 'o', epoch: 2 })).toHaveLength(1);
  });

  it('runs what is sent by hand, without a registration', async () => {
    expect(await startRig().invoke()).toHaveLength(1);
  });

  it.each([
    { owner: 'o', epoch: 1 },
    { owner: 'someone', epoch: 2 },
  ])('refuses what is meant for another: %o', async (dispatch) => {
    await expect(startRig().invoke(dispatch)).rejects.toMatchObject({ reason: 'stale_epoch' });
  });

  it('refuses a request that has passed three orchestrators: it stands behind itself', async () => {
    const { invoke } = startRig();
    expect(await invoke({ owner: 'o', epoch: 2, hops: 2 })).toHaveLength(1);
    await expect(invoke({ owner: 'o', epoch: 2, hops: 3 })).rejects.toMatchObject({ reason: 'invalid_request' });
  });

  it('asks an orchestrator that stops watching whether it still knows it', async () => {
    const { client, nudged } = startRig();
    await Array.fromAsync(client.watch({ owner: 'o' }));
    expect(nudged).toEqual(['o']);
  });
});
