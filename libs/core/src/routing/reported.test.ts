import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { NodeStateSchema, type HardwareSchema } from '@tutti/proto/tutti/agent/v1/state';
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

  it('knows which models run elsewhere, and that this says nothing of what they can do', () => {
    const models = [
      { name: 'm', capabilities: ['completion'] },
      { name: 'n', capabilities: ['cloud', 'completion'] },
      { name: 'o', capabilities: ['cloud'] },
    ];
    const facts = reportedFacts(create(NodeStateSchema, { models }), () => 0);
    expect([...facts.models.values()].map(({ cloud, capabilities }) => [cloud, capabilities])).toEqual([
      [false, ['completion']],
      [true, ['completion']],
      [true, []],
    ]);
  });

  it('takes what it is not told for the least that there can be', () => {
    const read = (state: MessageInitShape<typeof NodeStateSchema>) =>
      reportedFacts(create(NodeStateSchema, { runners: [{ model: 'm' }], ...state }), () => 0);
    expect(read({})).toMatchObject({
      slots: 1,
      slotsPerRunner: 1,
      zombies: 0,
      runners: [{ slots: 1, foreignCalls: 0 }],
    });
    expect(read({ slots: { total: 0, perRunner: 0 } })).toMatchObject({ slots: 1, slotsPerRunner: 1 });
    expect(read({ runners: [{ model: 'm', slots: 0 }] }).runners).toMatchObject([{ slots: 1 }]);
    expect(read({ runners: [{ model: 'm', slots: 3, busy: 2 }] }).runners).toMatchObject([
      { slots: 3, foreignCalls: 2 },
    ]);
  });

  it('names what models are computed on: the GPU with most memory, or else the processor', () => {
    const processorOf = (hardware: MessageInitShape<typeof HardwareSchema>) =>
      reportedFacts(create(NodeStateSchema, { hardware }), () => 0).processor;
    const [small, large] = [
      { name: 'small', memoryTotalBytes: 8e9 },
      { name: 'large', memoryTotalBytes: 24e9 },
    ];
    expect(processorOf({ gpus: [small, large, small], cpuModel: 'cpu' })).toBe('large');
    expect(processorOf({ cpuModel: 'Apple M2 Max' })).toBe('Apple M2 Max');
    expect(processorOf({})).toBeUndefined();
  });

  it('counts no fewer calls of others than none', () => {
    const state = create(NodeStateSchema, { runners: [{ model: 'm', busy: 1 }] });
    expect(reportedFacts(state, () => 3).runners).toMatchObject([{ foreignCalls: 0 }]);
  });

  it('takes the memory of the GPU for that of a runner, and all of it where none is there', () => {
    const bytesOf = (runner: { sizeBytes: number; vramBytes?: number }) =>
      reportedFacts(create(NodeStateSchema, { runners: [{ model: 'm', ...runner }] }), () => 0).runners[0]!.bytes;
    expect(bytesOf({ sizeBytes: 9e9, vramBytes: 5e9 })).toBe(5e9);
    expect(bytesOf({ sizeBytes: 9e9, vramBytes: 0 })).toBe(9e9);
    expect(bytesOf({ sizeBytes: 9e9 })).toBe(9e9);
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
    const state = create(NodeStateSchema, { runners, loading: 'm', slots: { perRunner: 2 } });
    expect(reportedFacts(state, () => 0).runners).toMatchObject([{ numCtx: 4_096, slots: 2, fresh: true }]);
    const fresh = create(NodeStateSchema, { loading: 'n', slots: { perRunner: 2 } });
    expect(reportedFacts(fresh, () => 0).runners).toMatchObject([
      { model: 'n:latest', numCtx: undefined, slots: 2, fresh: true, foreignCalls: 0 },
    ]);
  });

  it('knows that a model too large for the GPU reaches into the memory of the machine, and guesses nothing of a bare server', () => {
    const gpu = { hostname: 'h', memoryTotalBytes: 64e9, gpus: [{ name: 'g', memoryTotalBytes: 8e9 }] };
    const read = (hardware: object) => reportedFacts(create(NodeStateSchema, { hardware }), () => 0);
    expect(read(gpu)).toMatchObject({ hasGpu: true, spillBytes: 48e9 });
    expect(read({ hostname: 'h', memoryTotalBytes: 64e9 })).toMatchObject({ hasGpu: false });
    expect(read({})).not.toHaveProperty('hasGpu');
    const seen = (vramBytes: number) =>
      reportedFacts(create(NodeStateSchema, { runners: [{ model: 'm', vramBytes }] }), () => 0);
    expect(reportedFacts(create(NodeStateSchema, { runners: [{ model: 'm' }] }), () => 0)).not.toHaveProperty('hasGpu');
    expect(seen(1)).toMatchObject({ hasGpu: true });
    expect(seen(1)).not.toHaveProperty('spillBytes');
    expect(seen(0)).not.toHaveProperty('hasGpu');
  });
});
