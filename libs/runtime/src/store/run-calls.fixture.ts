import { runStates, type Random, type RunRepository } from '@tutti/core';

export interface RunCall {
  readonly name: string;
  readonly call: (runs: RunRepository) => Promise<unknown>;
}

const now = Date.UTC(2026, 0, 1);

/** What somebody may call at any time, on one of a few runs. */
export function randomRunCall(random: Random): RunCall {
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;

  const id = `r${below(5)}`;
  const state = oneOf(runStates);
  const end = oneOf([{}, { endedAt: now + below(50) }]);
  const [owner, key, few] = [`o${below(2)}`, `k${below(2)}`, 1 + below(4)];
  const page = { limit: few, ...oneOf([{}, { before: id }]) };
  const filter = oneOf([{}, { key }, { state }, { key, pattern: owner }]);
  const [back, endedBefore] = [below(2), now + below(20)];

  return oneOf<RunCall>([
    {
      name: 'create',
      call: (runs) =>
        runs.create({ id, pattern: owner, key, title: '', state, createdAt: now + few, ...end, owner, revision: 1 }),
    },
    { name: 'find', call: (runs) => runs.find(id) },
    { name: 'list', call: (runs) => runs.list(filter, page) },
    { name: 'unfinished', call: (runs) => runs.unfinished(few) },
    { name: 'renew', call: (runs) => runs.renew(id, few, { state, owner, ...end }) },
    { name: 'append', call: (runs) => appendNext(runs, id, back, owner) },
    { name: 'read', call: (runs) => runs.read(id, back, few) },
    { name: 'post', call: (runs) => runs.post(id, { key, time: now + few, document: owner }) },
    { name: 'messages', call: (runs) => runs.messages(id) },
    { name: 'removeEnded', call: (runs) => runs.removeEnded(endedBefore) },
  ]);
}

/** The next entry of a run, or its last one again. */
async function appendNext(runs: RunRepository, id: string, back: number, event: string): Promise<unknown> {
  if (!(await runs.find(id))) return undefined;
  const last = (await runs.read(id, 0, 1000)).at(-1)?.seq ?? 0;
  return runs.append(id, [{ seq: Math.max(1, last + 1 - back), term: 1, time: now, event }]);
}
