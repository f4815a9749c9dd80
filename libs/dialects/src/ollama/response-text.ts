import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { members } from '../json/spans.ts';
import { moreMembers } from '../json/text.ts';
import { logprobsText } from './logprobs.ts';

/** The text up to the answer itself: an open object with `model` and `created_at`. */
export function headText(model: string, createdAt: string): string {
  return `{"model":${JSON.stringify(model)},"created_at":${JSON.stringify(createdAt)}`;
}

export function logprobsMember({ logprobs }: Delta): string {
  return logprobs.length === 0 ? '' : `,"logprobs":${logprobsText(logprobs)}`;
}

/** The counts and durations that are known, in nanoseconds as Ollama's are. */
export function metricMembers({ timings, usage }: Done): string {
  return moreMembers([
    ['total_duration', nanoseconds(timings?.totalMs)],
    ['load_duration', nanoseconds(timings?.loadMs)],
    ['prompt_eval_count', usage?.promptTokens?.toString()],
    ['prompt_eval_duration', nanoseconds(timings?.promptMs)],
    ['eval_count', usage?.outputTokens?.toString()],
    ['eval_duration', nanoseconds(timings?.outputMs)],
  ]);
}

/** A backend's unknown fields, less those that are in `known` and have been written. */
export function unknownMembers(extraJson: string, known: ReadonlySet<string>): string {
  return extraJson === '' ? '' : moreMembers(members(extraJson).filter(([key]) => !known.has(key)));
}

/** Milliseconds as the text of a whole number of nanoseconds. */
export function nanoseconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : String(Math.round(ms * 1e6));
}
