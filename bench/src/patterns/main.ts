import { parseArgs } from 'node:util';
import { barsMarkdown, mapMarkdown, stopsMarkdown } from './report.ts';
import { barsOf, holds } from './bars.ts';
import { playEarlyStops } from './early-stop.ts';
import { crowd, measureEngine } from './engine-cost.ts';
import { playMap } from './map.ts';
import { measuredOn, writePage } from '../page.ts';
import { playWallTimes } from './wall-time.ts';

const help = `Measures the patterns with scripted models on simulated time, and the engine that runs them.

  --questions 300   in each cell of the map
  --seed 1          questions and models
  --quick           fewer questions and cells
  --write           puts the results into docs/patterns.md`;

const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    questions: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    ...{ quick: flag, write: flag, help: flag },
  },
});

if (values.help) console.log(help);
else await measure();

async function measure(): Promise<void> {
  const seed = Number(values.seed);
  const questions = values.quick ? 60 : Number(values.questions);
  if (!(questions > 0) || !Number.isSafeInteger(seed)) throw new Error('--questions and --seed take whole numbers.');
  const votes = values.quick ? 300 : 1_000;
  const accuracies = values.quick ? [0.6, 0.75] : [0.45, 0.6, 0.75, 0.9];
  const correlations = values.quick ? [0, 0.8] : [0, 0.4, 0.8];

  // The engine first: the map leaves a large heap behind.
  const cost = await measureEngine();
  const times = await playWallTimes(50, seed);
  const stops = await playEarlyStops({ accuracies: [0.6, 0.75, 0.9], questions: votes, seed });
  const cells = await playMap({ accuracies, correlations, questions, seed });
  const bars = barsOf(stops, times, cost);

  const factor = times.map(({ name, factor }) => `${name} ${factor.toFixed(3)}`).join(', ');
  const results = [
    `\`npm run bench:patterns -- --questions ${questions} --seed ${seed}\`, on ${measuredOn()}. ${questions} questions in each cell of the map, ${votes} in each line of the votes.`,
    '### The map',
    mapMarkdown(cells),
    '### Stopping a vote early',
    'Independent members and two answers, which is what the formula holds for; beside the same vote with all answers heard.',
    stopsMarkdown(stops),
    '### The engine',
    `Wall time over critical path, at most: ${factor}. Memory is that of a whole process with ${crowd.runs.toLocaleString('en')} runs open, their journals included.`,
    barsMarkdown(bars),
  ].join('\n\n');
  console.log(results);
  if (values.write) writePage('patterns.md', 'bench:patterns', results);
  if (!bars.every(holds)) process.exitCode = 1;
}
