import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  usualKeepalive,
  type Orchestrator,
} from './processes.ts';
import { startRig, type Rig } from './rig.ts';

const patternModels = ['tutti/ensemble', 'tutti/debate', 'tutti/maestro', 'tutti/auto'];
const members = ['llama:1b', 'qwen:1b', 'gemma:1b'];
const messages = [{ role: 'user' as const, content: 'Why is the sky blue? Explain it to a child.' }];

/** A cancel reaches the backends within 200 ms; a factor of 5 for a busy machine. */
const cancelMs = 200 * 5;

describe('patterns as models, over Ollamas', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig({
      ...{ models: members, parallel: 4, agentArgs: ['--ollama-num-parallel', '4'], tokens: 20, tokenDelayMs: 20 },
      answer: (prompt) => (prompt.includes('for ever') ? 'word '.repeat(5_000) : 'Blue light is scattered most.'),
    });
  });

  afterAll(() => rig.stop());

  it.each(patternModels)('the official ollama client streams %s', async (model) => {
    let content = '';
    let thinking = '';
    let last: object = {};
    for await (const part of await rig.ollama.chat({ model, messages, stream: true })) {
      content += part.message.content;
      thinking += part.message.thinking ?? '';
      last = part;
    }
    expect(content).not.toBe('');
    expect(last).toMatchObject({ model, done: true, tutti_run: { pattern: model.slice(6), state: 'COMPLETED' } });
    if (model !== 'tutti/maestro') expect(thinking).toMatch(/^\[\w+ \w+:1b.*?\] \S/);
  });

  it('the official openai client streams tutti/ensemble', async () => {
    const stream = await rig.openai.chat.completions.create({
      ...{ model: 'tutti/ensemble', messages, stream: true, stream_options: { include_usage: true } },
    });
    let content = '';
    let reasoning = '';
    let tokens = 0;
    for await (const { choices, usage } of stream) {
      const piece: { content?: string | null; reasoning?: string } = choices[0]?.delta ?? {};
      content += piece.content ?? '';
      reasoning += piece.reasoning ?? '';
      tokens += usage?.completion_tokens ?? 0;
    }
    expect(content).not.toBe('');
    for (const member of members) expect(reasoning.split(`[member ${member}] `)).toHaveLength(2);
    expect(tokens).toBeGreaterThan(0);
  });

  it.each([true, false])('a client that hangs up ends the calls of all members (stream: %s)', async (stream) => {
    const sum = (count: 'live' | 'aborted'): number => rig.fakes.reduce((total, fake) => total + fake[count], 0);
    const before = sum('aborted');
    const controller = new AbortController();
    const body = { model: 'tutti/ensemble', messages: [{ role: 'user', content: 'Tell it for ever.' }], stream };
    const reading = rig
      .post('/api/chat', body, { signal: controller.signal })
      .then((response) => response.text())
      .catch(() => 'cancelled');
    await eventually(() => sum('live') === members.length || undefined, 'a call of each member');
    const leftAt = performance.now();
    controller.abort();
    await eventually(() => sum('live') === 0 || undefined, 'no call at the backends', cancelMs);
    expect(performance.now() - leftAt).toBeLessThan(cancelMs);
    expect(sum('aborted') - before).toBe(members.length);
    expect(await reading).toBe('cancelled');
  });

  it('lists and shows them', async () => {
    const { models } = await rig.ollama.list();
    expect(models.map(({ name }) => name)).toEqual([...members, ...patternModels]);
    const { data } = await rig.openai.models.list();
    expect(data.map(({ id }) => id)).toEqual([...members, ...patternModels]);
    expect(await rig.openai.models.retrieve('tutti/auto')).toMatchObject({ id: 'tutti/auto', owned_by: 'tutti' });
    const shown = await rig.ollama.show({ model: 'tutti/debate' });
    expect(shown).toMatchObject({ capabilities: ['completion', 'thinking'], details: { family: 'tutti' } });
  });
});

describe('patterns as models, over a real model', () => {
  let orchestrator: Orchestrator;
  let isReal: boolean;

  beforeAll(async () => {
    // Loading a model holds the agent's loop up for a while.
    orchestrator = await startOrchestrator(usualKeepalive);
    const agent = await startAgent({
      ...{ name: 'embedded', orchestrators: [orchestrator], backend: 'auto', ollamaUrl: 'http://127.0.0.1:1' },
      args: ['--threads', '1'],
    });
    await nodesReady(orchestrator, 1);
    isReal = agent.facts.backend === 'embedded';
  }, 180_000);

  afterAll(stopAll);

  // With fewer tokens a cheaper pattern would answer.
  it.for([
    ['tutti/ensemble', 32],
    ['tutti/debate', 48],
    ['tutti/maestro', 128],
    ['tutti/auto', 32],
  ] as const)('%s ends with an answer, within its budget', { timeout: 120_000 }, async ([model, tokens], { skip }) => {
    if (!isReal) return skip('no source has a model');
    const client = new Ollama({ host: orchestrator.url });
    const asked = [{ role: 'user', content: 'What is the capital of France?' }];
    const answer = await client.chat({ model, messages: asked, options: { num_predict: tokens } });
    expect(answer.message.content.trim()).not.toBe('');
    expect(answer).toMatchObject({ done: true, tutti_run: { pattern: model.slice(6), state: 'COMPLETED' } });
    expect(answer.eval_count).toBeLessThanOrEqual(16 * tokens);
  });
});
