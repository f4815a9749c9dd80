import { members, objectText } from '@tutti/dialects/json';

/** Options that a runner is loaded with; one with others must be loaded anew. `num_ctx` has a field of its own. */
const names = new Set(['main_gpu', 'num_batch', 'num_gpu', 'num_thread', 'use_mmap']);

/** The runner options among a call's options, as canonical JSON text; "" for none. */
export function runnerOptionsOf(optionsJson: string): string {
  if (optionsJson === '') return '';
  const values = new Map(members(optionsJson).filter(([name, raw]) => names.has(name) && says(name, raw)));
  const sorted = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? '' : objectText(sorted);
}

/** The same options with those of a runner in them. */
export function withRunnerOptions(optionsJson: string, runnerOptions: string): string {
  if (runnerOptions === '') return optionsJson;
  return objectText(new Map([...(optionsJson === '' ? [] : members(optionsJson)), ...members(runnerOptions)]));
}

/** Null is the same as nothing, and so is a negative `num_gpu`: as many layers as fit. */
function says(name: string, raw: string): boolean {
  return raw !== 'null' && !(name === 'num_gpu' && Number(raw) < 0);
}
