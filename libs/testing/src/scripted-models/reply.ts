import { ClusterError, type Call } from '@tutti/core';
import type { Draw } from './draw.ts';
import { opinionOf } from './opinion.ts';
import { answerIn, promptOf, shownIn, sidesIn, type ShownSide } from './prompt.ts';
import type { SyntheticQuestion } from './questions.ts';
import { stubbornnessOf, type ScriptedModel } from './scripted-model.ts';

interface Asked {
  readonly model: ScriptedModel;
  readonly question: SyntheticQuestion;
  readonly prompt: string;
  /** Tells samples of one prompt apart. */
  readonly sample: string;
  readonly draw: Draw;
}

/** What a model says to a call, in the form that the call asks for. */
export function replyTo(call: Call, model: ScriptedModel, question: SyntheticQuestion, draw: Draw): string {
  const asked = { model, question, prompt: promptOf(call), sample: sampleOf(call), draw };
  const fields = fieldsOf(call);
  if (!fields) return statement(asked);
  const form = forms.find(({ field }) => fields.includes(field));
  if (form) return JSON.stringify(form.reply(asked));
  throw new ClusterError('not_implemented', `The scripted models do not know a form of ${fields.join(', ')}.`);
}

/** Each form by a field that only it has. */
const forms: readonly { readonly field: string; readonly reply: (asked: Asked) => object }[] = [
  { field: 'better', reply: comparison },
  { field: 'quote', reply: rejoinder },
  { field: 'reasoning', reply: (asked) => ({ ...argued(asked, opinion(asked)) }) },
  { field: 'severalTasks', reply: ({ model }) => ({ severalTasks: model.plans ?? false }) },
  { field: 'tasks', reply: plan },
  { field: 'pass', reply: verdict },
];

/** Free text. Where it is shown the work of others it may take the last answer in it for its own. */
function statement(asked: Asked): string {
  const work = shownIn(asked.prompt).filter(({ name }) => /^(t\d+|answer(-\d+)?)$/.test(name));
  const own = opinion(asked);
  const others = answerIn(work.at(-1)?.text ?? '');
  const answer = others === undefined || keeps(asked, own) ? own : others;
  return `${reasoning(asked, answer)}\nAnswer: ${answer}`;
}

/** Which of two answers it prefers: the same in both orders, but where it goes by their order. */
function comparison({ model, question, prompt, draw }: Asked): object {
  const shown = shownIn(prompt);
  const answerOf = (name: string): string => answerIn(shown.find((one) => one.name === name)?.text ?? '') ?? '';
  const pair = [answerOf('first-answer'), answerOf('second-answer')];
  const key = pair.toSorted().join(' ');
  const { judgement = model.accuracy, positionBias = 0 } = model;
  if (draw('position', question.id, model.name, key) < positionBias) return { better: 'first' };
  const chance = draw('judges', question.id, model.name, key);
  const right = pair.indexOf(question.answer);
  if (right < 0) return { better: pair.toSorted()[chance < 0.5 ? 0 : 1] === pair[0] ? 'first' : 'second' };
  return { better: chance < judgement === (right === 0) ? 'first' : 'second' };
}

/** Keeps its answer, or takes that of others and quotes one step of theirs. */
function rejoinder(asked: Asked): object {
  const own = answerIn(shownIn(asked.prompt).find(({ name }) => name === 'yours')?.text ?? '') ?? opinion(asked);
  const others = sidesIn(asked.prompt).filter(({ answer }) => answer !== own);
  const side = keeps(asked, own) ? undefined : drawn(others, asked);
  if (!side) return { quote: '', ...argued(asked, own) };
  return { quote: side.arguments[0]?.split('\n')[0] ?? '', ...argued(asked, side.answer) };
}

/** Two tasks at once, and one that builds on both. */
function plan({ question: { id } }: Asked): object {
  const rest = { check: 'It names one amount.', dependencies: [] };
  const first = { ...rest, id: 't1', role: 'research', task: `Find the open entry of ledger ${id}.` };
  const second = { ...rest, id: 't2', role: 'reasoning', task: `Sum up ledger ${id}.` };
  const third = { ...rest, id: 't3', role: 'reasoning', task: `Balance ledger ${id}.`, dependencies: ['t1', 't2'] };
  return { tasks: [first, second, third] };
}

function verdict({ model, question, prompt, draw }: Asked): object {
  const isRight = answerIn(shownIn(prompt).find(({ name }) => name === 'work')?.text ?? '') === question.answer;
  const sees = draw('criticizes', question.id, model.name, prompt) < (model.judgement ?? model.accuracy);
  const pass = isRight === sees;
  return { pass, defects: pass ? [] : ['The amount does not balance the ledger.'] };
}

function opinion({ model, question, sample, draw }: Asked): string {
  return opinionOf(model, question, sample, draw);
}

function keeps({ model, question, prompt, draw }: Asked, answer: string): boolean {
  return draw('keeps', model.name, prompt) < stubbornnessOf(model, answer === question.answer);
}

/** One of the sides, the likelier the more members it has. */
function drawn(sides: readonly ShownSide[], { model, prompt, draw }: Asked): ShownSide | undefined {
  const all = sides.flatMap((side) => Array.from({ length: side.members }, () => side));
  return all[Math.floor(draw('takes', model.name, prompt) * all.length)];
}

function argued(asked: Asked, answer: string): object {
  return { reasoning: reasoning(asked, answer), answer, confidence: asked.model.confidence ?? 0.9 };
}

const wordsPerStep = 8;

/** Steps that lead to an answer. */
function reasoning({ model: { verbosity = 40 } }: Asked, answer: string): string {
  const steps = Math.max(1, Math.round(verbosity / wordsPerStep));
  const step = (_: unknown, index: number) => `Step ${index + 1} moves the entry and leaves ${answer}.`;
  return Array.from({ length: steps }, step).join('\n');
}

/** The fields of the JSON that is due; undefined: free text is. */
function fieldsOf({ format }: Call): readonly string[] | undefined {
  if (format?.kind.case !== 'schemaJson') return undefined;
  const { properties = {} } = JSON.parse(format.kind.value) as { readonly properties?: object };
  return Object.keys(properties);
}

/** What is asked again after an answer is another sample. */
function sampleOf({ kind, optionsJson }: Call): string {
  const { seed = 1 } = JSON.parse(optionsJson || '{}') as { readonly seed?: number };
  const turns = kind.case === 'chat' ? kind.value.messages : [];
  return `${seed}.${turns.filter(({ role }) => role === 'assistant').length}`;
}
