import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startOllama, type RealOllama } from '../../../tools/ollama/start-ollama.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';
import { ask, type Answer } from './side-by-side/answer.ts';
import { differencesOf, withoutParts } from './side-by-side/compare.ts';
import { knownDifferences, partsOfOne, type PartOfOne } from './side-by-side/known.ts';
import type { Question } from './side-by-side/question.ts';
import { questions } from './side-by-side/questions/questions.ts';

const ollama = inject('ollama');
const seen = new Set<object>();

describe.skipIf(!ollama.available)('Tutti answers as the Ollama behind it would', () => {
  let direct: RealOllama;
  let behind: RealOllama;
  let orchestrator: Orchestrator;

  beforeAll(async () => {
    if (!ollama.available) return;
    // Little context, so that a prompt that is too long for it is soon read.
    const small = { ...ollama, env: { OLLAMA_CONTEXT_LENGTH: '256' } };
    [direct, behind] = await Promise.all([startOllama(small), startOllama(small)]);
    orchestrator = await startOrchestrator();
    const args = ['--ollama-models', behind.modelsFolder];
    await startAgent({ name: 'behind', orchestrators: [orchestrator], ollamaUrl: behind.url, args });
    await nodesReady(orchestrator, 1);
  });

  afterAll(async () => {
    await stopAll();
    await Promise.all([direct?.close(), behind?.close()]);
  });

  async function answerOf(of: PartOfOne['of'], url: string, question: Question): Promise<Answer> {
    const left = partsOfOne.filter((entry) => entry.of === of && entry.questions.test(question.name));
    return withoutParts(await ask(url, question), left, (entry) => seen.add(entry));
  }

  /** Those that are not known. Both are asked the same in the same order, since they remember. */
  async function unknownDifferences(question: Question): Promise<string[]> {
    const [one, other] = await Promise.all([
      answerOf('Ollama', direct.url, question),
      answerOf('Tutti', orchestrator.url, question),
    ]);
    const entries = knownDifferences.filter((entry) => entry.questions.test(question.name));
    return differencesOf(one, other).filter((difference) => {
      const known = entries.filter((entry) => entry.difference.test(difference));
      for (const entry of known) seen.add(entry);
      return known.length === 0;
    });
  }

  it.for(questions.map((question) => [question.name, question] as const))('%s', async ([, question]) => {
    expect(await unknownDifferences(question)).toEqual([]);
  });

  it('and every difference that is known is still there', () => {
    const gone = [...knownDifferences, ...partsOfOne].filter((entry) => !seen.has(entry));
    expect(gone.map(({ why }) => why)).toEqual([]);
  });
});
