import { create } from '@bufbuild/protobuf';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { describe, expect, it } from 'vitest';
import { reportedFacts } from './reported.ts';

describe('reportedFacts', () => {
  it('reads names as the cluster has them, and tells the calls of others from ours', () => {
    const state = create(NodeStateSchema, {
      models: [{ name: 'm', digest: 'd', contextLength: 8_192 }],
      runners: [{ model: 'm', contextLength: 4_096, busy: 3 }],
      slots: { total: 8, perRunner: 2, zombie: 1 },
    });
    const facts = reportedFacts(state, (model) => (model === 'm:latest' ? 2 : 0));
    expect(facts).toMatchObject({ slots: 8, slotsPerRunner: 2, zombies: 1, memoryBytes: undefined });
    expect(facts.models.get('m:latest')).toMatchObject({ digest: 'd', trainedContext: 8_192 });
    expect(facts.runners).toMatchObject([
      { model: 'm:latest', numCtx: 4_096, slots: 2, foreignCalls: 1, loading: false },
    ]);
  });

  it('shows a load under way, of a model that is there already as well', () => {
    const runners = [{ model: 'm', contextLength: 4_096 }];
    const loads = (loading: string) =>
      reportedFacts(create(NodeStateSchema, { runners, loading }), () => 0).runners.map(({ model, loading: is }) => [
        model,
        is,
      ]);
    expect(loads('')).toEqual([['m:latest', false]]);
    expect(loads('n')).toEqual([
      ['m:latest', false],
      ['n:latest', true],
    ]);
    expect(loads('m')).toEqual([['m:latest', true]]);
  });

  it('knows that a model too large for the GPU reaches into the memory of the machine, and guesses nothing of a bare server', () => {
    const gpu = { hostname: 'h', memoryTotalBytes: 64e9, gpus: [{ name: 'g', memoryTotalBytes: 8e9 }] };
    const read = (hardware: object) => reportedFacts(create(NodeStateSchema, { hardware }), () => 0);
    expect(read(gpu)).toMatchObject({ hasGpu: true, spillBytes: 48e9 });
    expect(read({ hostname: 'h', memoryTotalBytes: 64e9 })).toMatchObject({ hasGpu: false });
    expect(read({})).not.toHaveProperty('hasGpu');
  });
});
