import { oneLine } from './one-line.ts';

/** What a pattern tells; which fields it has depends on its kind. */
export type RunNote = Readonly<Record<string, unknown>>;

const mostCharacters = 100;

interface Side {
  readonly answer: string;
  readonly members: readonly string[];
}

interface Flip {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly quote: string;
  readonly accepted: boolean;
  readonly why?: string;
}

/** A task as patterns plan it. */
export interface Task {
  readonly id: string;
  readonly role?: string;
  readonly type?: string;
  readonly task?: string;
  readonly content?: string;
  readonly dependencies?: readonly string[];
}

type Describe = (note: never) => readonly string[];

const describers: Readonly<Record<string, Describe>> = {
  members: ({ members }: { members: readonly { model: string; samples: number }[] }) => [
    `members: ${members.map(({ model, samples }) => (samples > 1 ? `${model} x ${samples}` : model)).join(', ')}`,
  ],
  ballot: ({ model, answer }: { model: string; answer?: string }) => [
    answer === undefined
      ? `ballot: ${model} gives nothing that can be counted`
      : `ballot: ${model} says ${cut(answer)}`,
  ],
  vote: describeVote,
  decision: ({ by }: { by: string }) => [`decided by ${by}`],
  strategy: ({ strategy }: { strategy: string }) => [`strategy: ${strategy}`],
  gate: ({ severalTasks }: { severalTasks: boolean }) => [
    severalTasks ? 'worth a plan: several tasks' : 'not worth a plan: one model answers',
  ],
  plan: describePlan,
  tool: ({ tool, arguments: args, outcome }: { tool: string; arguments: string; outcome: string }) => [
    `tool ${tool} ${outcome}: ${cut(args)}`,
  ],
  step: ({ step, specialist, state, content = '' }: Contribution) => [
    `${step} ${specialist}: ${state}${content === '' ? '' : `, ${cut(content)}`}`,
  ],
  summary: ({ turns }: { turns: number }) => [`the oldest ${turns} messages are summarised`],
  task: ({ id, status, checked }: { id: string; status: string; checked?: string }) => [
    `task ${id}: ${status}${checked === undefined ? '' : `, ${checked}`}`,
  ],
  agreement: ({ model, agreement }: { model: string; agreement?: number | null }) => [
    `${model} agrees with itself${typeof agreement === 'number' ? ` by ${(agreement * 100).toFixed(0)} %` : ''}`,
  ],
  escalated: ({ model, models = [] }: { model?: string; models?: readonly string[] }) => [
    `asked on: ${[...(model === undefined ? [] : [model]), ...models].join(', ')}`,
  ],
};

/** A note in lines for people. One of a kind that is not known here is shown as it is. */
export function describeNote(note: RunNote): readonly string[] {
  const { kind, ...rest } = note;
  const describe = describers[String(kind)];
  try {
    if (describe) return describe(note as never);
  } catch {
    // A later version tells it in other fields.
  }
  return [`${String(kind)}: ${cut(JSON.stringify(rest))}`];
}

interface Contribution {
  readonly step: string;
  readonly specialist: string;
  readonly state: string;
  readonly content?: string;
}

interface Plan {
  readonly tasks?: readonly Task[];
  /** As a conversation tells it. */
  readonly steps?: readonly { readonly specialist: string; readonly instruction: string }[];
}

function describePlan({ tasks = [], steps = [] }: Plan): readonly string[] {
  const parts = [
    ...tasks.map(describeTask),
    ...steps.map(({ specialist, instruction }) => `${specialist}  ${cut(instruction)}`),
  ];
  return parts.length === 0 ? ['plan: one answers'] : ['plan:', ...parts.map((part) => `  ${part}`)];
}

/** "t2  code  write the tool (after t1)" */
function describeTask({ id, role, type, task, content, dependencies = [] }: Task): string {
  const after = dependencies.length > 0 ? ` (after ${dependencies.join(', ')})` : '';
  return `${id}  ${role ?? type?.toLowerCase() ?? ''}  ${cut(task ?? content ?? '')}${after}`;
}

interface Vote {
  readonly round?: number;
  readonly votes?: readonly Side[];
  readonly flips?: readonly Flip[];
  /** As auto tells it. */
  readonly answers?: readonly { readonly model: string; readonly answer: string }[];
}

function describeVote({ round, votes = [], flips = [], answers = [] }: Vote): readonly string[] {
  const sides = [
    ...votes.map(({ answer, members }) => `${cut(answer)} (${members.join(', ')})`),
    ...answers.map(({ model, answer }) => `${cut(answer)} (${model})`),
  ];
  const title = round === undefined ? 'vote' : round === 0 ? 'first vote' : `vote after round ${round}`;
  return [...flips.map(describeFlip), `${title}: ${sides.join(', ')}`];
}

function describeFlip({ model, from, to, quote, accepted, why = 'no reason' }: Flip): string {
  if (accepted) return `flip: ${model} goes from ${cut(from)} to ${cut(to)}, because of "${cut(quote)}"`;
  return `flip: ${model} wants to go from ${cut(from)} to ${cut(to)}, and may not: ${why}`;
}

function cut(text: string): string {
  return oneLine(text, mostCharacters);
}
