import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../../../docs/connect');
const index = (await readFile(join(folder, 'README.md'), 'utf8')).split('\n');
const names = (await readdir(folder)).map((file) => basename(file, '.md')).filter((name) => name !== 'README');
const suites = await readdir(import.meta.dirname);

it.each(names)('%s says whether it was tried, and the index says the same', async (name) => {
  const [title, , tried] = (await readFile(join(folder, `${name}.md`), 'utf8')).split('\n');
  const row = index.find((line) => line.includes(`](${name}.md)`)) ?? '';
  expect(row).toContain(`[${title!.slice(2)}]`);
  const [, version] = /^Tried by `npm run test:connect` with (.+)\.$/.exec(tried!) ?? [];
  expect(version !== undefined).toBe(suites.includes(`${name}.connect.ts`));
  if (version !== undefined) return expect(row).toContain(version);
  expect(tried).toBe('Written from its documentation; not tried.');
  expect(row).toMatch(/\| no\W/);
});
