import { debateInputOf, type DebateInput } from './debate/debate-input.ts';
import { debateResultOf, type DebateRecord } from './debate/debate-result.ts';
import { decided, votedOn, type Decision } from './debate/decision.ts';
import { contentOf, type Position } from './debate/position.ts';
import { synthesisPrompt } from './debate/prompts.ts';
import { closingCalls, createFloor, type Spoken } from './debate/rounds.ts';
import { isSettled, sidesOf, speakersOf, voteOf } from './debate/sides.ts';
import type { Pattern, PatternResult, RunContext } from './pattern.ts';
import { said } from './said.ts';
import { share } from './share.ts';

const most = { answer: 2_048 };

/**
 * Members answer alone. Where they differ, those in the minority and those who are not sure read the arguments, and may
 * change their answer if they quote the step that shows it to be wrong. Counts decide, and a judge where these do not.
 */
export const debate: Pattern<DebateInput> = {
  name: 'debate',
  parse: debateInputOf,
  estimate: ({ members, rounds, judge }) => ({
    calls: members.length * (rounds + 1) + closingCalls,
    tokens: members.length * 256,
    models: new Set([...members, ...(judge ? [judge] : [])].map(({ model }) => model)).size,
  }),
  simpler: ({ turns, members }) => ({
    pattern: 'ensemble',
    body: { messages: turns, models: members.map(({ model }) => model), strategy: 'vote' },
  }),
  async *run(input, context) {
    for (const warning of input.warnings) context.degraded(warning);
    const floor = createFloor(input, context);
    const heard = (positions: readonly Position[]): void => {
      const sides = sidesOf(positions, input.members);
      context.best(soFar({ ...opening(positions), sides }, floor.isOpen));
    };
    let positions = await floor.first(heard);
    if (positions.length === 0) return alone(input, context);
    const first = sidesOf(positions, input.members);
    let record: DebateRecord = { ...opening(positions), first, sides: first };
    yield {
      kind: 'vote',
      round: 0,
      statements: positions.map(({ model, ...one }) => ({ model, content: contentOf(one) })),
      ...voteOf(first),
    };
    for (let round = 1; round <= input.rounds && !isSettled(record.sides); round++) {
      const spoken = await floor.next(round, speakersOf(record.sides), positions);
      const moved = new Map(spoken.map(({ position }) => [position.member, position]));
      positions = positions.map((position) => moved.get(position.member) ?? position);
      record = withRound(record, spoken, sidesOf(positions, input.members));
      context.best(soFar(record, floor.isOpen));
      const flips = spoken.flatMap(({ flip }) => flip ?? []);
      yield {
        kind: 'vote',
        round,
        statements: spoken.map(({ position: { model }, content }) => ({ model, content })),
        flips,
        ...voteOf(record.sides),
      };
      if (!flips.some(({ accepted }) => accepted)) break;
    }
    const decision = yield* decided(input, context, record.sides, floor.isOpen);
    yield { kind: 'decision', by: decision.by };
    const text = await written(input, context, record, decision, floor.isOpen);
    return debateResultOf(record, decision, floor.isOpen, text);
  },
};

function opening(positions: readonly Position[]): Pick<DebateRecord, 'messages' | 'flips' | 'rounds'> {
  const messages = positions.map((one) => ({
    model: one.model,
    content: contentOf(one),
    round: 0,
    changedAnswer: false,
  }));
  return { messages, flips: [], rounds: 0 };
}

function withRound(record: DebateRecord, spoken: readonly Spoken[], sides: DebateRecord['sides']): DebateRecord {
  const rounds = record.rounds + 1;
  const messages = spoken.map(({ position: { model }, content, flip }) => ({
    ...{ model, content, round: rounds },
    changedAnswer: flip?.accepted ?? false,
  }));
  return {
    ...record,
    ...{ rounds, sides },
    messages: [...record.messages, ...messages],
    flips: [...record.flips, ...spoken.flatMap(({ flip }) => flip ?? [])],
  };
}

function soFar(record: DebateRecord, isOpen: boolean): PatternResult {
  return debateResultOf(record, votedOn(record.sides, isOpen) ?? { by: 'nobody' }, isOpen);
}

/** The final answer of an open question that a judge decided; undefined: the winner's own words will do. */
async function written(
  { turns, judge }: DebateInput,
  context: RunContext,
  { sides }: DebateRecord,
  { by, winner }: Decision,
  isOpen: boolean,
): Promise<string | undefined> {
  if (!isOpen || by !== 'judge' || !judge || !winner) return undefined;
  const others = sides.filter((side) => side !== winner);
  const question = {
    ...{ model: judge.model, messages: synthesisPrompt(turns, winner, others), label: { role: 'synthesis' } },
    ...{ voice: 'answer' as const, maxTokens: share(context, most.answer, 1), temperature: 0.3 },
  };
  return said(context, 'synthesis', question).then(
    ({ text }) => text,
    () => undefined,
  );
}

/** One member's answer, when none gave one that can be counted. */
async function alone({ turns, members }: DebateInput, context: RunContext): Promise<PatternResult> {
  const [{ model }] = members as [DebateInput['members'][number]];
  const question = { model, messages: turns, label: { role: 'single' }, voice: 'answer' as const };
  const { text } = await said(context, 'answer', { ...question, maxTokens: share(context, most.answer, 1) });
  return debateResultOf({ messages: [], flips: [], rounds: 0, sides: [] }, { by: 'nobody' }, true, text);
}
