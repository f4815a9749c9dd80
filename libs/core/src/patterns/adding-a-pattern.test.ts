import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashEverywhere, runToEnd } from './crash-sweep.fixture.ts';
import { ClusterError } from '../error.ts';
import { modelsOf } from './models.fixture.ts';
import type { Pattern } from './pattern.ts';
import { replayRun } from './replay-run.ts';
import type { Script } from './run.fixture.ts';
import { asksFor, userTextOf } from './script.fixture.ts';

const mostLines = 60;

let folder: string;
let code: string;
let bestOfN: Pattern;

/** The very code of the document, as if it were a file of this folder. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-pattern-'));
  const text = await readFile(new URL('../../../../docs/adding-a-pattern.md', import.meta.url), 'utf8');
  code = /```ts\n([^]*?)```/.exec(text)![1]!;
  const located = stripTypeScriptTypes(code).replaceAll(/from '(.+?)'/g, (_, name: string) => {
    const url = name.startsWith('.') ? new URL(name, import.meta.url).href : import.meta.resolve(name);
    return `from '${url}'`;
  });
  const file = join(folder, 'best-of-n.mjs');
  await writeFile(file, located);
  ({ bestOfN } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { bestOfN: Pattern });
});

afterAll(() => rm(folder, { recursive: true }));

const models = modelsOf('writer', { name: 'judge', sizeBytes: 9e9 });
const body = { query: 'Why is the sky blue?', models: ['writer', 'judge'] };

/** Each draft is its seed in words; the judge gives the marks in their order. */
const scripts = (marks: readonly (number | string)[]): Record<string, Script> => ({
  writer: ({ optionsJson }) => `This is draft ${(JSON.parse(optionsJson) as { seed: number }).seed}`,
  judge: (call) => {
    if (!asksFor(call, 'mark')) return 'a plain answer';
    const [, seed] = /This is draft (\d)/.exec(userTextOf(call)) ?? [];
    const mark = marks[Number(seed) - 1] ?? 'I have said so.';
    return typeof mark === 'number' ? JSON.stringify({ reasoning: 'so be it', mark }) : mark;
  },
});

const run = (marks: readonly (number | string)[], more = {}, budget = {}) =>
  runToEnd({ pattern: bestOfN, input: bestOfN.parse({ ...body, ...more }, models), scripts: scripts(marks), budget });

describe('the pattern of the document', () => {
  test('is short', () => {
    expect(code.trim().split('\n').length).toBeLessThan(mostLines);
  });

  test('ends with the draft that has the best mark', async () => {
    const { result, asked, notes } = await run([3, 8, 5, 1]);
    expect(result).toMatchObject({ text: 'This is draft 2', mark: 8 });
    expect(result).not.toHaveProperty('degraded');
    expect(asked).toHaveLength(8);
    expect(notes).toMatchObject([{ kind: 'marks', marks: [3, 8, 5, 1] }]);
  });

  test('drops the drafts that are not needed any more', async () => {
    const first: Script = (call, asked, step) => (asked === 1 ? scripts([])['writer']!(call, asked, step) : undefined);
    const input = bestOfN.parse(body, models);
    const rig = { pattern: bestOfN, input, scripts: { ...scripts([9.5]), writer: first } };
    const { result, asked } = await runToEnd(rig);
    expect(result).toEqual({ text: 'This is draft 1', mark: 9.5, marks: [9.5, null, null, null] });
    expect(asked).toEqual(['draft.1', 'draft.2', 'draft.3', 'draft.4', 'mark.1']);
  });

  test('does without a mark that is none, and without a judge that says nothing of use', async () => {
    const { result } = await run([3, 'very good!', 5, 1]);
    expect(result).toMatchObject({ text: 'This is draft 3', mark: 5, degraded: [expect.stringContaining('mark.2')] });
    expect((await run(['', '', '', ''])).result).toMatchObject({
      text: expect.stringMatching(/^This is draft/),
      mark: 0,
    });
  });

  test('fails when no draft comes', async () => {
    const away = { writer: () => new ClusterError('upstream_error', 'The model has stopped.'), judge: () => '' };
    const { end } = await runToEnd({ pattern: bestOfN, input: bestOfN.parse(body, models), scripts: away });
    expect(end).toMatchObject({ state: 'FAILED', error: { message: 'The model has stopped.' } });
  });

  test('ends within its budget with what there is', async () => {
    const { end } = await run([3, 8, 5, 1], {}, { maxCalls: 5 });
    expect(end).toMatchObject({
      state: 'COMPLETED',
      spent: { calls: 5 },
      result: { text: expect.stringMatching(/^This/) },
    });
  });

  test('refuses what it cannot do', () => {
    expect(() => bestOfN.parse({ ...body, drafts: 17 }, models)).toThrow(/drafts/);
    expect(() => bestOfN.parse({ drafts: 2 }, models)).toThrow(/query/);
  });

  test('is the same after a crash anywhere, and replays without models', async () => {
    const input = bestOfN.parse(body, models);
    expect(await crashEverywhere({ pattern: bestOfN, input, scripts: scripts([3, 8, 'none', 5]) })).toBeGreaterThan(15);
    const { entries } = await run([3, 9.5, 5, 1]);
    const fixture = { id: 'run', pattern: 'best-of-n', entries };
    expect((await replayRun(fixture, bestOfN, () => new Promise((next) => setImmediate(next)))).differences).toEqual(
      [],
    );
  });
});
