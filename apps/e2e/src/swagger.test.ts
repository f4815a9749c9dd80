import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  usualKeepalive,
  type Agent,
  type Orchestrator,
} from './processes.ts';
import { mismatches, type Schema } from './schema-mismatches.ts';

const run = promisify(execFile);

const executablePath = '/usr/bin/chromium';
const missing = existsSync(executablePath) ? undefined : `no ${executablePath}`;
if (missing) process.stderr.write(`Swagger UI: skipped, ${missing}\n`);

const noCurl = spawnSync('curl', ['--version']).error !== undefined;
if (noCurl) process.stderr.write('commands of the description: skipped, no curl\n');

/** What an echo, which stands in where no source has a model, cannot do. */
const needModel = new Set(['createEmbeddings', 'createEmbedding', 'showModel', 'prewarm']);

interface Operation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
  readonly 'x-exampleStatus': number;
  readonly 'x-codeSamples': readonly [{ readonly source: string }];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let orchestrator: Orchestrator;
let document: Document;
let operations: Operation[];
let agent: Agent;

beforeAll(async () => {
  orchestrator = await startOrchestrator(usualKeepalive);
  const engine = { backend: 'auto', ollamaUrl: 'http://127.0.0.1:1', args: ['--threads', '1'] } as const;
  agent = await startAgent({ name: 'attic', orchestrators: [orchestrator], ...engine });
  await nodesReady(orchestrator, 1);
  document = (await (await fetch(`${orchestrator.url}/swagger-ui.html/json`)).json()) as Document;
  operations = Object.values(document.paths).flatMap((verbs) => Object.values(verbs));
}, 180_000);

afterAll(stopAll);

test.skipIf(noCurl)(
  'every command that the description shows runs as it is, and answers as described',
  { timeout: 120_000 },
  async () => {
    const outcomes = new Map<string, object>();
    const isEcho = agent.facts.backend === 'echo';
    const able = operations.filter(({ operationId }) => !isEcho || !needModel.has(operationId));
    for (const { operationId, responses, 'x-codeSamples': samples } of able) {
      const command = samples[0].source.replace('http://localhost:3001', orchestrator.url);
      const { stdout } = await run('sh', ['-c', `${command} --location --silent --write-out '\\n%{http_code}'`]);
      const [body, status] = [stdout.slice(0, stdout.lastIndexOf('\n')), stdout.slice(stdout.lastIndexOf('\n') + 1)];
      const schema = responses[status]?.content?.['application/json']?.schema;
      const wrong = schema ? mismatches(document.components.schemas, schema, JSON.parse(body)) : [];
      outcomes.set(operationId, { status: Number(status), wrong });
    }
    expect(Object.fromEntries(outcomes)).toEqual(expectedOutcomes(able, { wrong: [] }));
  },
);

function expectedOutcomes(operations: readonly Operation[], rest: object): Record<string, object> {
  return Object.fromEntries(
    operations.map(({ operationId, 'x-exampleStatus': status }) => [operationId, { status, ...rest }]),
  );
}

/** What can be tried out in the page without a model. */
const groups = ['Start here', 'Cluster', 'Nodes', 'Queue', 'Admin', 'Logs'];

describe.skipIf(missing)('Swagger UI', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const strangers: string[] = [];

  beforeAll(async () => {
    const quiet = ['--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.on('pageerror', (error) => problems.push(error.message));
    // What the content security policy refuses is told here.
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== orchestrator.url && protocol !== 'data:') strangers.push(request.url());
    });
    await page.goto(`${orchestrator.url}/docs`);
    await page.locator('.opblock').first().waitFor();
  });

  afterAll(() => browser.close());

  const shownIds = (): Promise<string[]> =>
    page.locator('.opblock').evaluateAll((blocks) => blocks.map(({ id }) => id.split('-').at(-1)!));

  /** Runs an operation's example as a person does; the status that the page shows. */
  async function execute(operationId: string): Promise<number> {
    const block = page.locator(`.opblock[id$="-${operationId}"]`);
    await block.locator('.opblock-summary-control').click();
    await block.locator('button.execute').click();
    const status = await block.locator('.live-responses-table tbody .response-col_status').first().textContent();
    await block.locator('.opblock-summary-control').click();
    return Number.parseInt(status!, 10);
  }

  test('shows every operation', async () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect((await shownIds()).toSorted()).toEqual(ids.toSorted());
  });

  test('runs the examples from top to bottom, and each answers as described', { timeout: 180_000 }, async () => {
    const tried = operations.filter(({ tags: [tag] }) => groups.includes(tag));
    expect(new Set(tried.map(({ tags: [tag] }) => tag)).size).toBe(groups.length);
    const ids = new Set(tried.map(({ operationId }) => operationId));
    const outcomes = new Map<string, object>();
    for (const id of await shownIds()) if (ids.has(id)) outcomes.set(id, { status: await execute(id) });
    expect(Object.fromEntries(outcomes)).toEqual(expectedOutcomes(tried, {}));
  });

  test('asks nobody else, and its content security policy lets it work', () => {
    expect(strangers).toEqual([]);
    expect(problems).toEqual([]);
  });
});
