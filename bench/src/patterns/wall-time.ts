import { syntheticQuestions } from '@tutti/testing';
import { criticalPathMs } from './critical-path.ts';
import { alike, answered, type Contender } from './scripts.ts';

/** How much longer than its critical path a pattern took at most, as a factor. */
export interface WallTime {
  readonly name: string;
  readonly factor: number;
}

const vote = { models: ['m1', 'm2', 'm3', 'm4', 'm5'], strategy: 'vote', answerKind: 'number' };

const contenders: readonly Contender[] = [
  { name: 'single', pattern: 'single', body: {} },
  { name: 'vote 5', pattern: 'ensemble', body: vote },
  { name: 'best of 4', pattern: 'ensemble', body: { models: vote.models.slice(0, 4), strategy: 'best-of' } },
  { name: 'debate', pattern: 'debate', body: { models: vote.models.slice(0, 3) } },
  { name: 'auto', pattern: 'auto', body: { models: vote.models } },
  { name: 'maestro', pattern: 'maestro', body: {} },
];

/** Plays each pattern with models that often differ, and that take unequal times. */
export async function playWallTimes(count: number, seed: number): Promise<WallTime[]> {
  const questions = syntheticQuestions({ count, seed });
  const cast = alike(6, { accuracy: 0.5, stubbornness: 0.2, plans: true });
  const times: WallTime[] = [];
  for (const contender of contenders) {
    const outcomes = await answered({ contender, cast, questions, seed });
    const factors = outcomes.map(({ played }) => played.wallMs / criticalPathMs(played.entries));
    times.push({ name: contender.name, factor: Math.max(...factors) });
  }
  return times;
}
