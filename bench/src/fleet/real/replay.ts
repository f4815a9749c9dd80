import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetCall } from '@tutti/simulation';
import type { Outcome, Run } from '../run.ts';
import { requestOf } from './call-body.ts';
import type { Processes } from './processes.ts';

/** Who has no answer so long after the last call came is not waited for. */
const graceMs = 60_000;

interface Line {
  readonly model?: string;
  readonly message?: { readonly content: string };
  readonly embeddings?: unknown;
  readonly done?: boolean;
}

/** Sends each call when it is due, and writes down what its client saw, as a simulated run does. */
export async function replay({ url, fakes }: Processes, calls: readonly FleetCall[]): Promise<Run> {
  const over = new AbortController();
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  const following = calls.map(async (call) => {
    await sleep(call.atMs);
    return follow(url, call, now, over.signal);
  });
  const lastMs = calls.at(-1)!.atMs;
  const giveUp = setTimeout(() => over.abort(), lastMs + graceMs);
  const outcomes = await Promise.all(following);
  clearTimeout(giveUp);
  const total = (read: (fake: Processes['fakes'][number]) => number): number =>
    fakes.reduce((sum, fake) => sum + read(fake), 0);
  return {
    outcomes,
    closedAtMs: now(),
    loads: total(({ loads }) => loads),
    reloads: total(({ reloads }) => reloads),
    evictions: total(({ evictions }) => evictions),
  };
}

async function follow(url: string, call: FleetCall, now: () => number, signal: AbortSignal): Promise<Outcome> {
  const { path, body } = requestOf(call);
  const outcome: Outcome = { call, end: 'failed', cachedTokens: 0, truncated: false, otherModel: false };
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method: 'POST', body, headers, signal });
    if (response.headers.has('retry-after')) outcome.end = 'refused';
    for await (const line of linesOf(response)) {
      if (line.message?.content || line.embeddings) outcome.firstTokenAtMs ??= now();
      if (!line.done && !line.embeddings) continue;
      outcome.end = 'ended';
      outcome.otherModel = line.model !== call.model;
    }
  } catch {
    if (signal.aborted) outcome.end = 'unfinished';
  }
  outcome.endedAtMs = now();
  if (outcome.end === 'ended') outcome.firstTokenAtMs ??= outcome.endedAtMs;
  if (outcome.firstTokenAtMs !== undefined) outcome.startedAtMs = outcome.firstTokenAtMs;
  return outcome;
}

async function* linesOf(response: Response): AsyncGenerator<Line> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as Line;
  }
  if (rest !== '') yield JSON.parse(rest) as Line;
}
