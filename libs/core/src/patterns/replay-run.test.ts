import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runToEnd } from './crash-sweep.fixture.ts';
import type { JsonObject } from './json.ts';
import type { Pattern } from './pattern.ts';
import { patterns } from './patterns.ts';
import { recordings } from './recordings.fixture.ts';
import { replayRun, type RunFixture } from './replay-run.ts';

// UPDATE=1 records the runs anew, for patterns that were changed on purpose; then format the files.
const folder = new URL('fixtures/', import.meta.url);

if (process.env['UPDATE']) {
  await mkdir(folder, { recursive: true });
  for (const [name, recording] of Object.entries(recordings)) {
    const { entries } = await runToEnd(recording);
    const fixture = { id: 'run', pattern: recording.pattern.name, entries };
    await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(fixture, null, 2)}\n`);
  }
}

const kept = async (name: string): Promise<RunFixture> =>
  JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as RunFixture;

const replay = (fixture: RunFixture, pattern: Pattern) => replayRun(fixture, pattern, () => setImmediate());

test.each(Object.keys(recordings))('%s goes the same way again, without models', async (name) => {
  const fixture = await kept(name);
  const { differences, end } = await replay(fixture, recordings[name]!.pattern);
  expect(differences, 'if the pattern was changed on purpose: UPDATE=1').toEqual([]);
  expect(end).toEqual(fixture.entries.at(-1)!.event);
});

test('each pattern has one', () => {
  const replayed = new Set(Object.values(recordings).map(({ pattern }) => pattern.name));
  expect([...replayed].toSorted()).toEqual([...Object.keys(patterns), 'turn'].toSorted());
});

test('the runs that are kept go different ways', async () => {
  const types = new Set<string>();
  const kinds = new Set<string>();
  for (const name of Object.keys(recordings)) {
    for (const { event } of (await kept(name)).entries) {
      types.add(event.type);
      if (event.type === 'noted') kinds.add(event.note.kind);
    }
  }
  expect([...types]).toEqual(
    expect.arrayContaining(['said', 'answered', 'failed', 'dropped', 'exhausted', 'noted', 'waiting', 'stepped']),
  );
  expect([...kinds]).toEqual(
    expect.arrayContaining(['ballot', 'vote', 'decision', 'plan', 'task', 'compared', 'escalated']),
  );
});

/** Asks two models for a word each, and tells of it; `changes` are what another version does. */
const small = (
  changes: { first?: string; later?: boolean; note?: JsonObject; silent?: boolean; text?: string } = {},
): Pattern => ({
  name: 'small',
  parse: (body) => body,
  estimate: () => ({ calls: 2, tokens: 2, models: 2 }),
  async *run(_, context) {
    const ask = (id: string, content: string) =>
      context.ask(id, { model: id, messages: [{ role: 'user', content }], label: { role: 'member' }, maxTokens: 9 });
    const asked = [ask('a', changes.first ?? 'a word'), ...(changes.later ? [] : [ask('b', 'another')])];
    const words = await Promise.all(asked.map(({ answer }) => answer));
    if (!changes.silent) yield { kind: 'words', count: words.length, ...changes.note };
    if (changes.later) await ask('c', 'one more').answer;
    return { text: changes.text ?? 'done' };
  },
});

const recorded = async (): Promise<RunFixture> => {
  const scripts = { a: () => 'one', b: () => 'two' };
  const { entries } = await runToEnd({ pattern: small(), input: {}, scripts });
  return { id: 'run', pattern: 'small', entries };
};

test('an unchanged pattern shows no difference', async () => {
  expect(await replay(await recorded(), small())).toMatchObject({ differences: [], end: { result: { text: 'done' } } });
});

test.each([
  ['asks something else', { first: 'a sentence' }, /another end: its state.*step "a" asks something else/s],
  ['asks less', { later: true, note: { count: 2 } }, /step "b" has an answer and is not asked/],
  ['tells less', { silent: true }, /^not told: words, note 1 of 1$/],
  ['tells something else', { note: { count: 3 } }, /tells of "words"/],
  ['ends with something else', { text: 'finished' }, /^another end: its result$/],
])('a pattern that %s is caught', async (_, changes, expected) => {
  const { differences } = await replay(await recorded(), small(changes));
  expect(differences.join('\n')).toMatch(expected);
});

test('a run that has not ended is not compared', async () => {
  const fixture = await recorded();
  const entries = fixture.entries.slice(0, -1);
  await expect(replay({ ...fixture, entries }, small())).rejects.toMatchObject({ reason: 'failed_precondition' });
});
