import { auto } from './auto.ts';
import { debate } from './debate.ts';
import type { Tool, ToolPolicy } from './conversation/tool.ts';
import { createTurn } from './conversation/turn.ts';
import { decompose } from './decompose.ts';
import { ensemble } from './ensemble.ts';
import { maestro } from './maestro.ts';
import { modelsOf, promptOf } from './models.fixture.ts';
import type { Json, JsonObject } from './json.ts';
import type { Budget } from './budget.ts';
import type { Pattern } from './pattern.ts';
import type { Script } from './run.fixture.ts';
import { asksFor, userTextOf } from './script.fixture.ts';
import { single } from './single.ts';
import { workflow } from './workflow.ts';
import { ClusterError } from '../error.ts';

/** A run with scripted models, whose journal is kept in the folder fixtures. */
export interface Recording {
  readonly pattern: Pattern;
  readonly input: JsonObject;
  readonly scripts: Record<string, Script>;
  readonly budget?: Partial<Budget>;
  /** What a person says to the first question. */
  readonly word?: Json;
}

const models = modelsOf('a', 'b', 'c');
const names = models.map(({ name }) => name);
const query = 'How many legs have two spiders?';

const says =
  (text: string): Script =>
  () =>
    text;

const everybody = (script: Script): Record<string, Script> => Object.fromEntries(names.map((name) => [name, script]));

const ensembleOf = (strategy: string, scripts: Record<string, Script>, more: JsonObject = {}): Recording => ({
  pattern: ensemble,
  input: ensemble.parse({ query, models: names, strategy, ...more }, models),
  scripts,
});

const stated = (answer: string, reasoning: string, quote = ''): string =>
  JSON.stringify({ quote, reasoning, answer, confidence: 0.9 });

const right = stated('16', 'A spider has eight legs, so two spiders have sixteen.');
const wrong = stated('8', 'A spider has four legs, so two have eight.');

/** Says one thing first, and may say another to the others. */
const member =
  (first: string, later = first): Script =>
  (call) => {
    if (asksFor(call, 'quote')) return later;
    return asksFor(call, 'reasoning') ? first : 'Two spiders have sixteen legs.';
  };

const debateOf = (a: Script, b: Script, c: Script, more: JsonObject = {}): Recording => ({
  pattern: debate,
  input: debate.parse({ query, models: names, ...more }, models),
  scripts: { a, b, c },
});

const plan = {
  tasks: [
    { id: 't1', role: 'research', task: 'find the legs of a spider', dependencies: [], check: 'it is a number' },
    { id: 't2', role: 'reasoning', task: 'count those of two', dependencies: ['t1'], check: '' },
    { id: 't3', role: 'creative', task: 'write a rhyme', dependencies: [], check: '' },
  ],
};

const planner: Script = (call) => {
  const prompt = userTextOf(call);
  if (asksFor(call, 'severalTasks')) return '{"severalTasks": true}';
  if (asksFor(call, 'tasks')) return JSON.stringify(plan);
  if (asksFor(call, 'pass')) {
    const isGood = !prompt.includes('a rhyme') || prompt.includes('better');
    return JSON.stringify(isGood ? { pass: true, defects: [] } : { pass: false, defects: ['it does not rhyme'] });
  }
  if (prompt.includes('A critic found')) return 'a better rhyme';
  if (prompt.includes('Specialists did the work')) return 'Sixteen [t2], and a rhyme [t3].';
  return `I did this: ${/Your part: ([^\n]*)/.exec(prompt)?.[1] ?? 'all'}`;
};

const tasks = [
  { id: 'w1', type: 'RESEARCH', content: 'find', dependencies: [] },
  { id: 'w2', type: 'CODE', content: 'count', dependencies: ['w1'] },
  { id: 'w3', type: 'SYNTHESIS', content: 'tell', dependencies: ['w1', 'w2'] },
];

const judged: Script = (call) => {
  if (!asksFor(call, 'better')) return 'It has a great many legs.';
  const first = /<first-answer-\w+>([\s\S]*)<\/first-answer/.exec(userTextOf(call))?.[1] ?? '';
  return JSON.stringify({ better: first.includes('sixteen') ? 'first' : 'second' });
};

/** A supervisor, and a specialist who counts legs before it says something. */
const converses: Script = (call) => {
  if (asksFor(call, 'steps')) {
    return JSON.stringify({ steps: [{ specialist: 'reasoning', instruction: 'count them' }] });
  }
  const prompt = promptOf(call);
  if (prompt.includes('<output-')) return `I was told: ${/>\n([^\n]*)/.exec(prompt)?.[1]}`;
  if (prompt.includes('Your part: count them')) return '{"name": "legs", "arguments": {"spiders": 2}}';
  return 'That is what came of it.';
};

/** The turn of a conversation, whose tool may be used so. */
const turnOf = (policy: ToolPolicy): Recording => {
  const legs: Tool = {
    ...{ name: 'legs', description: 'Counts the legs of spiders.', parameters: { type: 'object' }, policy },
    run: async ({ spiders }) => Number(spiders) * 8,
  };
  const pattern = createTurn({ legs });
  const input = pattern.parse({ query, tools: ['legs'], pinned: ['It is about spiders.'] }, models);
  return { pattern, input, scripts: everybody(converses) };
};

/** One of each way in which a run can go. */
export const recordings: Readonly<Record<string, Recording>> = {
  single: { pattern: single, input: single.parse({ query }, models), scripts: everybody(says('Sixteen.')) },
  'ensemble-vote': ensembleOf('vote', {
    a: says('Eight and eight. Answer: 16'),
    b: says('Answer: 16'),
    c: says('I believe that it is a good many more. Answer: 12'),
  }),
  'ensemble-best-of': ensembleOf('best-of', { a: judged, b: judged, c: says('Two spiders have sixteen legs.') }),
  'ensemble-synthesis': ensembleOf('synthesis', {
    a: says('Spiders have eight legs each.'),
    b: says('Two spiders have sixteen legs.'),
    c: () => new ClusterError('upstream_error', 'The model has stopped.'),
  }),
  'ensemble-budget': {
    ...ensembleOf('auto', { a: says('One. Two. Three.'), b: says('Four.'), c: () => undefined }),
    budget: { maxMs: 2_000 },
  },
  auto: {
    pattern: auto,
    input: auto.parse({ query, models: names }, models),
    scripts: { a: (_, asked) => `Answer: ${asked}`, b: says('Answer: 16'), c: says('Answer: 16') },
  },
  'debate-unanimous': debateOf(member(right), member(right), member(right)),
  'debate-split': debateOf(member(right), member(wrong), member(stated('12', 'I guess.')), { debateRounds: 1 }),
  'debate-flip': debateOf(
    member(right),
    member(right),
    member(wrong, stated('16', 'I see it now.', 'A spider has eight legs')),
  ),
  'debate-hung': debateOf(member(right), member(right), () => undefined),
  decompose: {
    pattern: decompose,
    input: decompose.parse({ query }, models),
    scripts: everybody(says(JSON.stringify({ strategy: 'SEQUENTIAL', tasks }))),
  },
  'turn-tool': turnOf('auto'),
  'turn-allowed': { ...turnOf('ask'), word: true },
  'turn-denied': { ...turnOf('ask'), word: false },
  'turn-expired': turnOf('ask'),
  maestro: {
    pattern: maestro,
    input: maestro.parse({ query: `${query} And a rhyme.` }, models),
    scripts: everybody(planner),
  },
  workflow: {
    pattern: workflow,
    input: workflow.parse({ query, tasks }, models),
    scripts: everybody(planner),
  },
};
