import { seededRandom } from '@tutti/simulation';
import { expect, it } from 'vitest';
import { createLearntSampling, type LearntSampling } from './learnt-sampling.ts';

const half = (): number => 0.5;

/** So many answers, of which so many were good. */
function teach(sampling: LearntSampling, preset: string, answers: number, good: number): void {
  for (let index = 0; index < answers; index++) sampling.learn('m', 'facts', preset, index < good ? 1 : 0);
}

it('knows nothing of a model at first, and uses the default', () => {
  const sampling = createLearntSampling(half);
  const { preferred, evidence } = sampling.evidence('m', 'facts');
  expect(preferred.name).toBe('careful');
  expect(evidence.map(({ preset, samples, meanReward }) => [preset.name, samples, meanReward])).toEqual([
    ['careful', 0, undefined],
    ['exact', 0, undefined],
    ['even', 0, undefined],
  ]);
  expect(sampling.choose('m', 'facts')?.name).toBe('careful');
  expect(sampling.exported()).toEqual(new Map());
});

it('learns for each model and each kind of task apart, by whatever name the model has', () => {
  const sampling = createLearntSampling(half);
  teach(sampling, 'careful', 30, 10);
  teach(sampling, 'exact', 30, 29);
  expect(sampling.choose('m:latest', 'facts')?.name).toBe('exact');
  expect(sampling.evidence('m', 'facts').preferred.name).toBe('exact');
  expect(sampling.choose('other', 'facts')?.name).toBe('careful');
  expect(sampling.evidence('m', 'code').preferred.name).toBe('careful');
});

it('takes a preset for samples of one question only if they can differ by it', () => {
  const sampling = createLearntSampling(half);
  teach(sampling, 'careful', 30, 10);
  teach(sampling, 'exact', 30, 29);
  expect(sampling.choose('m', 'facts', true)).toMatchObject({ name: 'even', temperature: 0.5 });
  expect(sampling.choose('m', 'extraction', true)).toBeUndefined();
});

it('tries each preset now and then', () => {
  const sampling = createLearntSampling(seededRandom(3));
  const tried = new Set<string>();
  for (let round = 0; round < 500; round++) {
    const { name } = sampling.choose('m', 'facts')!;
    tried.add(name);
    sampling.learn('m', 'facts', name, 1);
  }
  expect([...tried].toSorted()).toEqual(['careful', 'even', 'exact']);
});

it('is the same after its export is restored', () => {
  const before = createLearntSampling(half);
  teach(before, 'careful', 3, 1);
  teach(before, 'even', 2, 2);
  const after = createLearntSampling(half);
  for (const [model, document] of before.exported()) after.restore(model, JSON.parse(JSON.stringify(document)));
  expect(after.evidence('m', 'facts')).toEqual(before.evidence('m', 'facts'));
  expect(after.exported()).toEqual(before.exported());
  expect(after.evidence('m', 'facts').evidence.map(({ samples }) => samples)).toEqual([3, 0, 2]);
});

it.each([null, 'x', { facts: { careful: [1, 2] } }, { facts: { careful: [-1, -1] } }, { facts: [1] }, { other: {} }])(
  'ignores what it cannot read: %j',
  (document) => {
    const sampling = createLearntSampling(half);
    teach(sampling, 'careful', 2, 1);
    sampling.restore('m:latest', document);
    expect(sampling.evidence('m', 'facts').evidence[0]).toMatchObject({ samples: 2, meanReward: 0.5 });
  },
);

it('leaves out presets that are no longer there', () => {
  const sampling = createLearntSampling(half);
  sampling.restore('m:latest', { facts: { gone: [50, 50], exact: [4, 3] } });
  expect(sampling.evidence('m', 'facts').evidence.map(({ samples }) => samples)).toEqual([0, 4, 0]);
});
