import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

const executablePath = '/usr/bin/chromium';
const missing = existsSync(executablePath) ? undefined : `no ${executablePath}`;
if (missing) process.stderr.write(`log viewer: skipped, ${missing}\n`);

const wantedLines = 1_000_000;

/** A slower machine gets fewer lines. */
const fillLimitMs = 15_000;

/** Rows that may exist at a time, however many lines are loaded. */
const mostRows = 150;

/** Written straight into the table: every 100th line is an error, every 4 lines are one request. */
const insert = `insert into logs (stored_at, time, severity, service, node, request_id, message, fields)
  with recursive n (i) as (select cast(? as integer) union all select i + 1 from n where i < ?)
  select ?3 + i * 10, ?3 + i * 10, case when i % 100 = 0 then 0 else 2 end, case when i % 2 then 'agent' else 'orchestrator' end,
    case when i % 2 then 'agx' || (i % 3) else '' end, 'request-' || (i / 4), 'line ' || i, '{"n":' || i || '}' from n`;

function fill(file: string): number {
  const database = new DatabaseSync(file);
  const start = performance.now();
  const firstTime = Date.now() - wantedLines * 10;
  let count = 0;
  while (count < wantedLines && performance.now() - start < fillLimitMs) {
    database.prepare(insert).run(count, count + 49_999, firstTime);
    count += 50_000;
  }
  database.close();
  return count;
}

// Each letter that is typed is looked for in a million lines: seconds on a busy machine.
describe.skipIf(missing)('the log viewer', { timeout: 60_000 }, () => {
  let folder: string;
  let orchestrator: Orchestrator;
  let browser: Browser;
  let page: Page;
  let count: number;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-logs-'));
    const args = ['--data-folder', folder];
    const first = await startOrchestrator(args);
    first.kill('SIGTERM');
    await first.exited;
    const names = await readdir(folder, { recursive: true });
    count = fill(
      join(
        folder,
        names.find((name) => name.endsWith('.db'))!,
      ),
    );
    orchestrator = await startOrchestrator(args);
    const quiet = ['--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await stopAll();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({
      viewport: { width: 1400, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page.on('pageerror', (error) => problems.push(error.message));
    // What the content security policy refuses is told here.
    page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
  });

  afterEach(async () => {
    await page.close();
    expect(problems.splice(0)).toEqual([]);
  });

  const open = (search = '') => page.goto(`${orchestrator.url}/logviewer${search}`);
  const messages = () => page.locator('.row .message').allTextContents();
  const seen = (text: string) => page.locator('.row', { hasText: text }).first().waitFor();
  const rows = () => page.locator('.row').count();
  const scroll = (top: number) => page.locator('#list').evaluate((list, top) => void (list.scrollTop = top), top);

  /** Makes the orchestrator log a request of that id. */
  const ask = (id: string) =>
    fetch(`${orchestrator.url}/api/chat`, {
      method: 'POST',
      headers: { 'x-request-id': id },
      body: '{"model":"no-such-model","messages":[{"role":"user","content":"hello"}]}',
    });

  test('shows the newest lines of a million, and only as many rows as can be seen', async () => {
    await open();
    await seen(`line ${count - 1}`);
    expect(await rows()).toBeLessThan(mostRows);
  });

  test('filters by level; the URL says so, and the way back works', async () => {
    await open();
    await seen(`line ${count - 1}`);
    await page.click('label.error');
    await seen(`line ${count - 1_000}`);
    expect((await messages()).filter((text) => !/^line \d+00n=/.test(text))).toEqual([]);
    expect(new URL(page.url()).search).toBe('?level=error');
    await page.goBack();
    await seen(`line ${count - 1}`);
  });

  test('finds a text far back', async () => {
    await open();
    await page.fill('[name=q]', 'LINE 12345');
    await seen('line 12345');
    expect((await messages()).filter((text) => !text.startsWith('line 12345'))).toEqual([]);
  });

  test('scrolls back for as long as one likes, without a gap, and stays small', async () => {
    await open();
    await seen(`line ${count - 1}`);
    const numbers = new Set<number>();
    for (let steps = 0; numbers.size < 3_000 && steps < 400; steps++) {
      for (const text of await messages()) numbers.add(Number(/line (\d+)/.exec(text)?.[1] ?? count));
      await page.locator('#list').evaluate((list) => list.scrollBy(0, -600));
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
    }
    const sorted = [...numbers].filter((number) => number < count).toSorted((a, b) => b - a);
    expect(sorted.length).toBeGreaterThanOrEqual(2_990);
    expect(sorted.filter((number, i) => number !== count - 1 - i)).toEqual([]);
    expect(await rows()).toBeLessThan(mostRows);
  });

  test('shows a line that was just written, and filters by a click on its request', async () => {
    await open();
    await seen(`line ${count - 1}`);
    await ask('live-1');
    await page.locator('.request[data-request="live-1"]').first().click();
    await expect.poll(() => new URL(page.url()).searchParams.get('requestId')).toBe('live-1');
    await seen('request ended');
    expect(await page.locator('.request').evaluateAll((all) => all.map((one) => one.dataset['request']))).toSatisfy(
      (ids: string[]) => ids.every((id) => id === 'live-1'),
    );
  });

  test('tells of new lines while one reads older ones, and leads there', async () => {
    await open();
    await seen(`line ${count - 1}`);
    await scroll(0);
    await ask('live-2');
    await page.locator('#newer', { hasText: 'new' }).click();
    await page.locator('.request[data-request="live-2"]').first().waitFor();
  });

  test('a link to a line brings back the filters, the line and what came before it', async () => {
    const number = count / 2 + 1;
    await open(`?service=agent&q=${number}`);
    await page.locator('.row', { hasText: `line ${number}` }).click();
    await page.getByText('Copy link').click();
    const link = new URL(await page.evaluate<string>('navigator.clipboard.readText()'));
    link.searchParams.delete('q');
    await page.goto(link.href);
    await page.locator('.row[aria-selected=true]', { hasText: `line ${number}` }).waitFor();
    await seen(`line ${number - 2}`);
    expect((await messages()).at(-1)).toContain(`line ${number}`);
    expect(await page.locator('#detail').textContent()).toContain(`line ${number}`);
    expect(await page.inputValue('[name=service]')).toBe('agent');
  });

  test('works by keyboard alone', async () => {
    await open();
    await seen(`line ${count - 1}`);
    await page.keyboard.press('/');
    await page.keyboard.type('line 777');
    await seen('line 777');
    // What was typed first may have found it, too; the last answer closes what was opened before it.
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('line 777');
    await page.locator('#status', { hasText: 'live' }).waitFor();
    const rows = () => page.locator('.row').allTextContents();
    await expect.poll(async () => (await rows()).every((text) => text.includes('line 777'))).toBe(true);
    await page.keyboard.press('Escape');
    const opened = async (): Promise<boolean> => {
      for (const key of ['k', 'k', 'Enter']) await page.keyboard.press(key);
      return page.locator('#detail dl').isVisible();
    };
    // An answer that comes later closes it again.
    await expect.poll(opened, { timeout: 20_000 }).toBe(true);
    const requestId = await page.locator('.row[aria-selected=true] .request').getAttribute('data-request');
    await page.keyboard.press('r');
    await expect.poll(() => new URL(page.url()).searchParams.get('requestId')).toBe(requestId);
  });

  test('a filter that makes no sense is told', async () => {
    await open('?level=loud');
    await page.locator('#status.failed', { hasText: 'level must be' }).waitFor();
    // The browser notes the refusal by itself.
    expect(problems.splice(0).every((text) => text.includes('400'))).toBe(true);
  });
});
