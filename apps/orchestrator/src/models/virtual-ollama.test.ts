import { create } from '@bufbuild/protobuf';
import type { NodeView } from '@tutti/core/cluster';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { Membership } from '../members/membership.ts';
import { virtualOllama } from './virtual-ollama.ts';

/** One node, which reports what the test says and does what it is told when the test says so. */
function setUp() {
  const clock = virtualClock();
  const nodes: NodeView[] = [];
  const report = (...names: readonly string[]): void => {
    const state = create(NodeStateSchema, { backend: { kind: 'ollama' }, models: names.map((name) => ({ name })) });
    nodes.splice(0, 1, { name: 'a', ready: true, state } as NodeView);
  };
  const gates = new Map<Verb, () => void>();
  const client = {
    async *verb({ verb }: { verb: Verb }) {
      await new Promise<void>((resolve) => gates.set(verb, resolve));
      yield { lines: ['{"status":"success"}'] };
    },
  } as unknown as ReturnType<Membership['models']>;
  const models = virtualOllama({ cluster: { nodes }, membership: { models: () => client }, clock });
  report('m:latest');
  const ended: string[] = [];
  const request = { model: 'm', bodyJson: '{}', signal: new AbortController().signal };
  const remove = () => void models.delete(request).then(() => ended.push('delete'));
  const make = async () => {
    const { lines } = await models.create({ ...request, from: undefined, digests: [] });
    for await (const _ of lines);
    ended.push('create');
  };
  return {
    ...{ clock, report, ended, remove, make: () => void make() },
    /** The node has done it. */
    async finish(verb: Verb) {
      await clock.advance(0);
      gates.get(verb)!();
      await clock.advance(20);
    },
  };
}

describe('a change of a model', () => {
  it('ends when the node has told of it', async () => {
    const { remove, finish, report, clock, ended } = setUp();
    remove();
    await finish(Verb.DELETE);
    expect(ended).toEqual([]);
    report();
    await clock.advance(20);
    expect(ended).toEqual(['delete']);
  });

  it('waits three seconds for that and no longer', async () => {
    const { remove, finish, clock, ended } = setUp();
    remove();
    await finish(Verb.DELETE);
    await clock.advance(2_900);
    expect(ended).toEqual([]);
    await clock.advance(100);
    expect(ended).toEqual(['delete']);
  });

  it('waits for nothing where another ran at the same time: which of them came last is not known', async () => {
    const { remove, make, finish, report, ended } = setUp();
    remove();
    make();
    await finish(Verb.DELETE);
    expect(ended).toEqual(['delete']);
    report();
    await finish(Verb.CREATE);
    expect(ended).toEqual(['delete', 'create']);
  });

  it('waits no longer when the next one begins, which then waits as usual', async () => {
    const { remove, make, finish, report, clock, ended } = setUp();
    remove();
    await finish(Verb.DELETE);
    make();
    await clock.advance(20);
    expect(ended).toEqual(['delete']);
    report();
    await finish(Verb.CREATE);
    expect(ended).toEqual(['delete']);
    report('m:latest');
    await clock.advance(20);
    expect(ended).toEqual(['delete', 'create']);
  });
});
