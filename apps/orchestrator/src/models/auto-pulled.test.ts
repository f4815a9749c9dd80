import { create } from '@bufbuild/protobuf';
import { ClusterError, done, localPrincipal, Priority, Privacy, type Chunk, type Context } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { autoPulled } from './auto-pulled.ts';
import type { ModelRequest } from './virtual-ollama.ts';

const log = createLog({ service: 'test', level: 'error' });

/** A cluster of one node that pulls when `finish` is called. */
function startRig({ enabled = true, has = [] as string[], ready = true } = {}) {
  const clock = virtualClock();
  const asked: ModelRequest[] = [];
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const state = create(NodeStateSchema, { backend: { kind: 'ollama' }, models: has.map((name) => ({ name })) });
  const idle = { inFlight: 0, inFlightByModel: new Map(), reportedAt: 0, cordoned: false, full: false };
  const nodes: NodeView[] = [
    { name: 'a', state, ready, ...idle },
    { name: 'b', state: create(NodeStateSchema, { backend: { kind: 'ollama' } }), ready: true, ...idle },
  ];
  const models = {
    pull(request: ModelRequest) {
      asked.push(request);
      const end = new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
      const lines = (async function* () {
        yield JSON.stringify({ status: 'pulling', digest: 'x', total: 4, completed: 1 });
        await end;
        yield '{"status":"success"}';
      })();
      return { nodes: ['a'], lines };
    },
  };
  const generate = autoPulled(
    async function* () {
      yield done({ reason: 'stop' });
    },
    { cluster: { nodes }, models, enabled: () => enabled, clock, log },
  );
  const run = (model: string, changes: Partial<Context> = {}): Promise<Chunk[]> => {
    const context: Context = {
      ...{ signal: new AbortController().signal, requestId: 'r', principal: localPrincipal, hops: 0 },
      ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
      ticket: { sequence: 0, attempt: 1, excluded: new Set(), place: {} },
      ...changes,
    };
    return Array.fromAsync(generate(create(CallSchema, { model }), context));
  };
  return { clock, asked, ends, run };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

describe('autoPulled', () => {
  it('pulls once for all who wait, tells how far it is, and then runs their calls', async () => {
    const { asked, ends, run } = startRig();
    const calls = [run('m'), run('m:latest'), run('m')];
    await turns();
    expect(asked.map(({ model, bodyJson }) => [model, bodyJson])).toEqual([['m:latest', '{"model":"m:latest"}']]);
    ends[0]!.resolve();
    for (const chunks of await Promise.all(calls)) {
      expect(chunks.map(({ kind }) => kind.case)).toEqual(['progress', 'done']);
    }
  });

  it('leaves alone what a node has, be it ready or not, and everything if it is off', async () => {
    for (const rig of [
      startRig({ has: ['m:latest'] }),
      startRig({ has: ['m'], ready: false }),
      startRig({ enabled: false }),
    ]) {
      expect(await rig.run('m')).toHaveLength(1);
      expect(rig.asked).toEqual([]);
    }
  });

  it('goes on when a caller leaves, and serves the next one', async () => {
    const { asked, ends, run } = startRig();
    const gone = new AbortController();
    const first = run('m', { signal: gone.signal });
    await turns();
    gone.abort();
    await expect(first).rejects.toMatchObject({ reason: 'client_closed' });
    expect(asked[0]!.signal.aborted).toBe(false);
    const second = run('m');
    await turns();
    ends[0]!.resolve();
    expect((await second).at(-1)?.kind.case).toBe('done');
    expect(asked).toHaveLength(1);
  });

  it('says why it failed, to all who wait and to those who come soon', async () => {
    const { clock, asked, ends, run } = startRig();
    const failed = expect(run('m')).rejects.toMatchObject({
      reason: 'model_not_found',
      message: expect.stringMatching(/not found, and it could not be pulled: .*: file does not exist$/) as string,
    });
    await turns();
    ends[0]!.reject(new ClusterError('upstream_error', 'pull model manifest: file does not exist'));
    await failed;
    await expect(run('m')).rejects.toMatchObject({ reason: 'model_not_found' });
    expect(asked).toHaveLength(1);
    await clock.advance(30_000);
    void run('m').catch(() => {});
    await turns();
    expect(asked).toHaveLength(2);
  });

  it('goes to the node that the caller names', async () => {
    const { asked, run } = startRig();
    void run('m', { pin: 'b' });
    await turns();
    expect(asked[0]!.placement).toEqual({ kind: 'nodes', names: ['b'] });
  });

  it('pulls no more than four at a time', async () => {
    const { asked, run } = startRig();
    for (const model of ['a', 'b', 'c', 'd']) void run(model);
    await turns();
    await expect(run('e')).rejects.toMatchObject({ reason: 'no_healthy_node' });
    expect(asked).toHaveLength(4);
  });
});
