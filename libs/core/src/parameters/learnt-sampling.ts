import { z } from 'zod';
import { canonicalModel } from '../model-name.ts';
import type { Random } from '../ports.ts';
import { chosenArm, freshArms, preferredArm, rewarded, type Arm } from './bandit.ts';
import { presets, samplingTasks, type Preset, type SamplingTask } from './presets.ts';

/** What is known of one preset. */
export interface PresetEvidence {
  readonly preset: Preset;
  /** Answers that were judged. */
  readonly samples: number;
  /** Between 0 and 1. Undefined: no answer was judged yet. */
  readonly meanReward: number | undefined;
}

/** Which sampling options suit which model for what, learnt from how answers end. */
export interface LearntSampling {
  /**
   * For the next call. `varied`: it is one of several samples of a question, which must be able to differ; undefined if
   * no preset is for that.
   */
  choose(model: string, task: SamplingTask, varied?: boolean): Preset | undefined;
  /** A reward between 0 and 1 for an answer that was made with the preset. */
  learn(model: string, task: SamplingTask, preset: string, reward: number): void;
  /** What is used unless something else is tried, and why; the default first. */
  evidence(
    model: string,
    task: SamplingTask,
  ): {
    readonly preferred: Preset;
    readonly evidence: readonly PresetEvidence[];
  };
  /** What was learnt of each model, as plain JSON. */
  exported(): ReadonlyMap<string, unknown>;
  /** Takes what was exported; what cannot be read is ignored. */
  restore(model: string, document: unknown): void;
}

type Learnt = Map<SamplingTask, readonly Arm[]>;

/** Below this temperature samples of a question say nearly the same, and agree without meaning anything by it. */
const lowestVaried = 0.5;

const count = z.number().nonnegative();
const storedArm = z.tuple([count, count]).refine(([pulls, gained]) => gained <= pulls);
const stored = z.partialRecord(z.enum(samplingTasks), z.record(z.string(), storedArm));

export function createLearntSampling(random: Random): LearntSampling {
  const models = new Map<string, Learnt>();
  const armsOf = (model: string, task: SamplingTask): readonly Arm[] =>
    models.get(canonicalModel(model))?.get(task) ?? freshArms(presets[task].map(({ name }) => name));

  return {
    choose(model, task, varied = false) {
      const lowest = varied ? lowestVaried : 0;
      const arms = armsOf(model, task).filter(({ name }) => presetOf(task, name).temperature >= lowest);
      return arms.length === 0 ? undefined : presetOf(task, chosenArm(arms, random).name);
    },
    learn(model, task, preset, reward) {
      const arms = rewarded(armsOf(model, task), preset, reward);
      const name = canonicalModel(model);
      models.set(name, new Map(models.get(name)).set(task, arms));
    },
    evidence(model, task) {
      const arms = armsOf(model, task);
      const evidence = arms.map(({ name, pulls, gained }) => ({
        preset: presetOf(task, name),
        samples: pulls,
        meanReward: pulls === 0 ? undefined : gained / pulls,
      }));
      return { preferred: presetOf(task, preferredArm(arms).name), evidence };
    },
    exported: () => new Map([...models].map(([model, learnt]) => [model, documentOf(learnt)])),
    restore(model, document) {
      const { data } = stored.safeParse(document);
      if (data) models.set(model, learntOf(data));
    },
  };
}

function presetOf(task: SamplingTask, name: string): Preset {
  return presets[task].find((preset) => preset.name === name) ?? presets[task][0];
}

function documentOf(learnt: Learnt) {
  const tasks = [...learnt].map(([task, arms]) => {
    return [task, Object.fromEntries(arms.map(({ name, pulls, gained }) => [name, [pulls, gained]]))];
  });
  return Object.fromEntries(tasks);
}

/** Presets that are no longer there are left out; new ones start afresh. */
function learntOf(document: z.infer<typeof stored>): Learnt {
  return new Map(
    samplingTasks.flatMap((task) => {
      const kept = document[task];
      if (!kept) return [];
      const arms = presets[task].map(({ name }) => {
        const [pulls, gained] = kept[name] ?? [0, 0];
        return { name, pulls, gained };
      });
      return [[task, arms] as const];
    }),
  );
}
