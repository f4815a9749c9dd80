import { expect, test } from 'vitest';
import { changeText, mutated, type Mutant } from './mutant.ts';
import { mutantsOf } from './mutants-of.ts';
import { mutationRun, type Verdict } from './mutation-run.ts';
import { plantTree } from './planted-tree.fixture.ts';
import { killedShare, reportText, whyAccepted } from './report.ts';
import { sample } from './sample.ts';

const planted = `
// “Characters” of more than one byte move nothing.
export function price(age: number): number {
  if (age < 6) return 0;
  let years = age;
  while (years > 100) years -= 100;
  return Math.min(years * 2, 30);
}
`;

const plantedSurvivor = `
export const nobodyAsks = false;
`;

const plantedTable = `
export const prices = [0, 12];
if (prices.length < 2) throw new Error('no prices');
`;

const plantedTest = `
import { expect, test } from 'vitest';
import './survivor.ts';
import { price } from './ticket.ts';

test('children travel free', () => {
  expect([price(5), price(6), price(10), price(90), price(1)]).toEqual([0, 12, 20, 30, 0]);
});

test('an age is counted anew after a hundred years', () => {
  expect(price(105)).toBe(10);
});
`;

const plantedTableTest = `
import { expect, test } from 'vitest';
import { prices } from './table.ts';

test('the first price is none', () => {
  expect(prices[0]).toBe(0);
});
`;

function changesOf(source: string): readonly string[] {
  return mutantsOf('x.ts', source).map(changeText);
}

/** One mutant that hangs is enough: each takes its time. */
function isTried(mutant: Mutant): boolean {
  return !mutant.at.startsWith('while') || mutant.replacement === ';';
}

async function verdictsOn(source: string): Promise<readonly Verdict[]> {
  const tree = await plantTree({
    ...{ 'ticket.ts': source, 'survivor.ts': plantedSurvivor, 'table.ts': plantedTable },
    ...{ 'ticket.test.ts': plantedTest, 'table.test.ts': plantedTableTest },
  });
  try {
    const mutants = [
      ...mutantsOf('src/table.ts', plantedTable),
      ...mutantsOf('src/ticket.ts', source).filter(isTried),
      // After those that are killed in other files, of which nothing may be left.
      ...mutantsOf('src/survivor.ts', plantedSurvivor),
    ];
    return await mutationRun({
      ...{ root: tree.root, folders: ['src'], tests: ['src/*.test.ts'], silenceMs: 3_000, jobs: 1 },
      draw: () => mutants,
    });
  } finally {
    await tree.remove();
  }
}

test('turns operators, conditions, constants and statements round', () => {
  expect(changesOf('a < b;')).toEqual(['a < b;  ->  ;', 'a < b  ->  (a <= b)', 'a < b  ->  (a >= b)']);
  expect(changesOf('const c = a ?? b;')).toEqual(['a ?? b  ->  a', 'a ?? b  ->  b']);
  expect(changesOf('const c = a && !b;')).toEqual(['a && !b  ->  (a || !b)', '!b  ->  b']);
  expect(changesOf('const c = 3;')).toEqual(['3  ->  4', '3  ->  2', '3  ->  6']);
  expect(changesOf('const c = 1_000;')).toEqual(['1_000  ->  2000', '1_000  ->  500']);
  expect(changesOf('const c = () => f();')).toEqual(['f()  ->  undefined']);
  expect(changesOf('function f() { if (done()) return; }')).toEqual([
    'if (done()) return;  ->  ;',
    'done()  ->  !(done())',
  ]);
  expect(changesOf('const c = Math.max(a, b);')).toEqual(['Math.max  ->  Math.min']);
});

test('leaves types and texts alone', () => {
  expect(changesOf("type T = 1 | 2; interface I { a: 3 } const c: 4 | undefined = x as 5; import a from 'b';")).toEqual(
    [],
  );
  expect(changesOf("const c = 'a' + b;")).toEqual([]);
});

test('changes exactly what it says, wherever it stands', () => {
  const mutants = mutantsOf('x.ts', planted);
  for (const mutant of mutants) {
    expect(planted.slice(mutant.start, mutant.end)).toBe(mutant.original);
    expect(planted.split('\n')[mutant.line - 1]).toContain(mutant.at);
    expect(mutated(planted, mutant)).not.toBe(planted);
  }
});

test('kills what the tests notice, stops what hangs, and says what broke and what survives', async () => {
  const verdicts = await verdictsOn(planted);
  const survivors = verdicts.filter(({ outcome }) => outcome === 'survived');
  const hung = verdicts.filter(({ outcome }) => outcome === 'timed_out');
  const broken = verdicts.filter(({ outcome }) => outcome === 'broken');

  expect(hung.map(changeText)).toEqual(['years -= 100;  ->  ;']);
  expect(broken.map(changeText)).toContain('prices.length < 2  ->  (prices.length >= 2)');
  expect(new Set(broken.map(({ by }) => by))).toEqual(new Set(['src/table.test.ts: no prices']));
  expect(verdicts.length).toBeGreaterThan(15);
  expect(survivors.map(changeText)).toContain('false  ->  true');
  expect(survivors.map(({ file }) => file)).not.toContain('src/ticket.ts');
  expect(reportText(verdicts, [])).toContain('survived  src/survivor.ts:2  false  ->  true');
}, 60_000);

test('says so when the tests fail on the code as it is', async () => {
  await expect(verdictsOn(planted.replace('age < 6', 'age < 7'))).rejects.toThrow('children travel free');
});

test('an accepted survivor is found by its line and its change, and counts as a survivor', () => {
  const [mutant] = mutantsOf('x.ts', 'const c = 3;') as [Mutant];
  const accepted = [{ file: 'x.ts', at: 'const c = 3;', change: '3  ->  4', why: 'any number does' }];

  expect(whyAccepted(mutant, accepted)).toBe('any number does');
  expect(whyAccepted({ ...mutant, at: 'const d = 3;' }, accepted)).toBeUndefined();
  expect(killedShare([{ ...mutant, outcome: 'survived' }])).toBe(0);
  expect(reportText([{ ...mutant, outcome: 'survived' }], accepted)).toContain('(any number does)');
});

test('the same seed draws the same mutants, whatever else is written', async () => {
  const tree = await plantTree({ 'ticket.ts': planted });
  const longer = await plantTree({ 'ticket.ts': `// A new first line.\n${planted}`, 'table.ts': plantedTable });
  const drawn = (root: string, count: number, seed: number) =>
    sample(root, 'src/*.ts', count, seed)
      .filter(({ file }) => file === 'src/ticket.ts')
      .map(changeText);
  try {
    const all = drawn(tree.root, 100, 3);
    expect(drawn(longer.root, 100, 3)).toEqual(all);
    expect(drawn(tree.root, 5, 3)).toEqual(all.slice(0, 5));
    expect(drawn(tree.root, 100, 4)).not.toEqual(all);
  } finally {
    await Promise.all([tree.remove(), longer.remove()]);
  }
});
