import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';

let fakes: FakeOllama[];
let tutti: Tutti;

/** Two nodes; the model "slow" of the second goes on for ever. */
beforeAll(async () => {
  const orchestrator = await startOrchestrator();
  fakes = await Promise.all([
    startFakeOllama({ models: ['llama:1b', 'qwen:2b'], answer: () => 'Answer: 16' }),
    startFakeOllama({ models: ['slow:1b'], tokens: Infinity, tokenDelayMs: 20 }),
  ]);
  for (const [index, { url }] of fakes.entries())
    await startAgent({ name: `gpu${index}`, orchestrators: [orchestrator], ollamaUrl: url });
  await nodesReady(orchestrator, 2);
  tutti = await createTutti({ TUTTI_URL: orchestrator.url });
});

afterAll(async () => {
  await stopCommands();
  await stopAll();
  await Promise.all(fakes.map((fake) => fake.close()));
});

const both = ['--models', 'llama:1b,qwen:2b'];
const question = 'How many legs have two spiders?';

describe('run --pattern', () => {
  it('shows what a debate does beside its answer', async () => {
    const { code, out, talk } = await tutti.run('run', '--pattern', 'debate', ...both, question);
    expect({ code, talk }).toMatchObject({ code: 0 });
    expect(out.trim()).not.toBe('');
    expect(talk).toMatch(/^Run [0-9a-f-]{36}\nstarted: debate\n/);
    expect(talk).toMatch(/\nround-0\.m1 asks (llama:1b|qwen:2b)\n/);
    expect(talk).toMatch(/\nround-0\.m2 answered, (llama:1b|qwen:2b) on gpu0, \d+ tokens in .*: \{/);
    expect(talk).toMatch(/\nfirst vote: .* \(llama:1b, qwen:2b\)\n/);
    expect(talk).toMatch(/\ndecided by unanimity\n/);
    expect(talk).toMatch(
      /\nCOMPLETED: \d calls, \d+ tokens\nDebates \d here about \w+: in 0 members spoke again, and 0 changed the first vote\n$/,
    );
    const [, id = ''] = /^Run (\S+)/.exec(talk) ?? [];
    expect((await tutti.run('runs', 'show', id)).out).toMatch(/\n +debates +1 here about \w+: /);
  });

  it('says why another pattern answers than the one that was asked for', async () => {
    const { code, talk } = await tutti.run('run', '--pattern', 'debate', ...both, '--max-calls', '3', question);
    expect({ code, talk }).toMatchObject({
      code: 0,
      talk: expect.stringContaining(
        '\nstarted: ensemble\nThe budget is too small for debate; this is the next cheaper way.\n',
      ),
    });
    expect(talk).not.toContain('Debates ');
  });

  it('reads the question from stdin, says it once, and no word beside the answer with --quiet', async () => {
    const args = ['run', '--pattern', 'ensemble', '--strategy', 'vote', ...both, '--quiet', '-'];
    expect(await tutti.type(question, ...args)).toEqual({ code: 0, out: 'Answer: 16\n', talk: '' });
  });

  it('is one object for programs', async () => {
    const args = ['run', '--pattern', 'ensemble', '--strategy', 'vote', ...both, '--id', 'vote-by-two'];
    const answer = await tutti.json(...args, question);
    expect(answer).toMatchObject({ id: 'vote-by-two', pattern: 'ensemble', state: 'COMPLETED', answer: '16' });
    expect(await tutti.json(...args, question)).toEqual(answer);
    expect(await tutti.run(...args, 'Another question?')).toMatchObject({ code: 1 });
  });

  it('ends the run at Ctrl-C, and keeps what there is', async () => {
    const { child, talk, exited } = tutti.start('run', '--pattern', 'debate', '--models', 'slow:1b', question);
    await expect.poll(talk).toMatch(/round-0\.m1 asks slow:1b/);
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    expect(talk()).toMatch(/\ncancelled\n.*CANCELLED: .*\nThe run was cancelled; .*: tutti runs show [0-9a-f-]{36}\n/s);
    const [, id = ''] = /^Run (\S+)/.exec(talk()) ?? [];
    expect(await tutti.json('runs', 'show', id)).toMatchObject({ id, state: 'CANCELLED' });
  });

  it.each([
    [2, ['--pattern', 'luck', 'why?'], /luck.*ensemble, debate, maestro/],
    [2, ['--pattern', 'debate'], /There is no question/],
    [2, ['--pattern', 'debate', ''], /There is no question/],
    [2, ['--pattern', 'debate', '--strategy', 'vote', 'why?'], /--strategy is nothing that debate knows/],
    [2, ['--pattern', 'ensemble', '--max-calls', '0', 'why?'], /budget\.maxCalls/],
    [5, ['--pattern', 'ensemble', '--models', 'nope', 'why?'], /nope/],
    [2, [], /Name a model, or a pattern/],
  ])('exits with %d for %j', async (code, args, expected) => {
    expect(await tutti.run('run', ...args)).toMatchObject({ code, out: '', talk: expect.stringMatching(expected) });
  });
});

describe('runs', () => {
  /** A run that goes on until it is cancelled. */
  const startSlow = async (): Promise<string> => {
    const args = ['run', '--pattern', 'ensemble', '--models', 'slow:1b', '--async', question];
    const { code, out } = await tutti.run(...args);
    expect(code).toBe(0);
    return out.trim();
  };

  it('lists, shows, watches and cancels one', async () => {
    const id = await startSlow();
    const { out: list } = await tutti.run('runs', 'ls', '--pattern', 'ensemble', '--state', 'running');
    expect(list).toMatch(new RegExp(`^ID +PATTERN .*\\n${id} +ensemble +RUNNING .* How many legs`));
    const watching = tutti.start('runs', 'watch', id);
    await expect.poll(watching.out).toMatch(/\nmember\.1 asks slow:1b\n/);
    expect(await tutti.run('runs', 'cancel', id)).toMatchObject({ code: 0, out: '', talk: `Run ${id}: CANCELLED.\n` });
    expect(await watching.exited).toBe(0);
    expect(watching.out()).toMatch(/^started: ensemble\n[^]*\ncancelled\nmember\.1 dropped: .*\nCANCELLED: 1 calls, /);
    const { out: sheet } = await tutti.run('runs', 'show', id);
    expect(sheet).toMatch(new RegExp(`^Run ${id}\\n +pattern +ensemble\\n +state +CANCELLED\\n +question +How many`));
    expect(sheet).toMatch(/\nSTEP +ROLE +STATE +.*\nmember\.1 +member +DROPPED +slow:1b/);
    expect(await tutti.json('runs', 'cancel', id)).toMatchObject({ state: 'CANCELLED' });
  });

  it('replays one that has ended, from the orchestrator and from a file, and tells where a journal differs', async () => {
    const id = 'to-be-replayed';
    await tutti.json('run', '--pattern', 'debate', ...both, '--id', id, question);
    const same = await tutti.run('runs', 'replay', id);
    expect(same).toMatchObject({
      code: 0,
      out: expect.stringMatching(/debate: the same \d+ events came, .*COMPLETED/),
    });
    const { out: journal } = await tutti.run('runs', 'export', id);
    const file = join(await temporaryFolder(), 'run.json');
    await writeFile(file, journal);
    const offline = ['runs', 'replay', file, '--url', 'http://127.0.0.1:2'];
    expect(await tutti.json(...offline)).toMatchObject({ id, pattern: 'debate', state: 'COMPLETED', differences: [] });
    await writeFile(file, (await readFile(file, 'utf8')).replace('"kind": "decision"', '"kind": "verdict"'));
    const other = await tutti.run(...offline);
    expect(other).toMatchObject({
      code: 1,
      out: expect.stringMatching(/it went another way\.\n {2}not told: verdict/),
    });
  });

  it('knows five states', async () => {
    expect(await tutti.run('runs', 'ls', '--state', 'sleeping')).toMatchObject({
      code: 2,
      talk: expect.stringMatching(/sleeping.*RUNNING, WAITING, COMPLETED, CANCELLED, FAILED/),
    });
  });

  it.each([['show'], ['watch'], ['cancel'], ['export'], ['replay']])('%s does not know every id', async (verb) => {
    expect(await tutti.run('runs', verb, 'no-such-run')).toMatchObject({
      code: 5,
      out: '',
      talk: expect.stringContaining('no-such-run'),
    });
  });

  it('replays only journals', async () => {
    const file = join(await temporaryFolder(), 'run.json');
    for (const text of ['', '[]', '{"id":"a","pattern":"debate","entries":[{}]}']) {
      await writeFile(file, text);
      expect(await tutti.run('runs', 'replay', file)).toMatchObject({
        code: 2,
        talk: expect.stringContaining('no journal of a run'),
      });
    }
  });

  it('the shell completes their ids, and the models that take part', async () => {
    await tutti.json('run', '--pattern', 'ensemble', '--strategy', 'vote', ...both, '--id', 'completed-run', question);
    expect((await tutti.run('complete', '--', 'runs', 'show', 'completed')).out).toMatch(/^completed-run\t/);
    expect((await tutti.run('complete', '--', 'run', '--models', 'qw')).out).toMatch(/^qwen:2b\t/);
    expect((await tutti.run('complete', '--', 'runs', '')).out).toMatch(/^replay\t/m);
  });
});
