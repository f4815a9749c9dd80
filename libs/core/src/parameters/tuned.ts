import type { Call, Chunk, Context, Generate } from '../generate.ts';
import type { LearntSampling } from './learnt-sampling.ts';
import { missingOptions, parsedOptions, withOptions, type SamplingOptions } from './preset-options.ts';
import type { Preset, SamplingTask } from './presets.ts';
import { taskOf } from './task-of.ts';
import { createJudge } from './judge.ts';

/** What was chosen for a call. */
interface Tuning {
  readonly task: SamplingTask;
  readonly preset: Preset;
  /** Those of the preset's options that the caller had not set. */
  readonly added: SamplingOptions;
}

type Sampling = Pick<LearntSampling, 'choose' | 'learn'>;

/**
 * Chooses temperature and top_p for calls that ask for it, and for those of runs that set neither; never in place of
 * what a caller set. How each answer ends is learnt from. It stands where the call's model is the one that runs.
 */
export function tuned(sampling: Sampling, next: Generate): Generate {
  return (call, context) => {
    const tuning = tuningOf(sampling, call, context);
    if (!tuning) return next(call, context);
    const optionsJson = withOptions(call.optionsJson, tuning.added);
    return observed(sampling, call, tuning, next({ ...call, optionsJson }, context));
  };
}

function tuningOf({ choose }: Sampling, call: Call, { parameters, run }: Context): Tuning | undefined {
  if (parameters === undefined && run === undefined) return undefined;
  const options = parsedOptions(call.optionsJson);
  const task = taskOf(call);
  if (!options || !task) return undefined;
  const preset = choose(call.model, task, run !== undefined && 'seed' in options);
  if (!preset) return undefined;
  const added = missingOptions(preset, options);
  const isWanted = parameters === 'auto' ? Object.keys(added).length > 0 : isWhole(added, preset);
  return isWanted ? { task, preset, added } : undefined;
}

async function* observed(
  { learn }: Sampling,
  call: Call,
  tuning: Tuning,
  chunks: AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  const { task, preset, added } = tuning;
  const judge = createJudge(call);
  for await (const chunk of chunks) {
    judge.see(chunk);
    // Half a preset says nothing of the whole. Whoever reads need not come back after the last chunk.
    if (judge.reward !== undefined && isWhole(added, preset)) learn(call.model, task, preset.name, judge.reward);
    yield told(chunk, tuning);
  }
}

/** The choice of a node tells of this choice too. */
function told(chunk: Chunk, { task, preset, added }: Tuning): Chunk {
  const { kind } = chunk;
  if (kind.case !== 'progress' || kind.value.kind.case !== 'dispatched') return chunk;
  const options = Object.entries(added).map(([name, value]) => ` ${name}=${value}`);
  const dispatched = { ...kind.value.kind.value, parameters: `${task}/${preset.name}${options.join('')}` };
  return { ...chunk, kind: { ...kind, value: { ...kind.value, kind: { case: 'dispatched', value: dispatched } } } };
}

function isWhole({ temperature, top_p }: SamplingOptions, preset: Preset): boolean {
  return temperature === preset.temperature && top_p === preset.top_p;
}
