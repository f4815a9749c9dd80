import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RunEntry } from '@tutti/core/patterns';
import {
  ConversationState,
  type ConversationMessageSchema,
  type ConversationQuestionSchema,
  type ConversationSchema,
} from '@tutti/proto/tutti/v1/conversation';
import type { ListedConversation } from '../conversations/conversations.ts';
import {
  messagesIn,
  nextTurnId,
  type FoundConversation,
  type SaidMessage,
  type StoredConversation,
} from '../conversations/stored-conversation.ts';
import { waitingSteps } from '../runs/run-progress.ts';
import { errorOf, questionOf, timeText } from './execution-parts.ts';

const longestTitle = 300;

export function conversationOf(found: FoundConversation) {
  const { record, stored, going = [] } = found;
  return {
    ...factsOf(record, stored),
    state: stateOf(found),
    messages: [...stored.messages, ...messagesIn(going)].map(messageOf),
    questions: questionsIn(going),
    updatedAt: timeText(going.at(-1)?.time ?? record.updatedAt),
    executionId: going.length > 0 ? nextTurnId(record.id, stored) : lastTurnId(record.id, stored),
  } satisfies MessageInitShape<typeof ConversationSchema>;
}

export function listedConversationOf({ record, stored, state, last }: ListedConversation) {
  const standing = state === 'WAITING' ? ConversationState.WAITING : ConversationState.RUNNING;
  return {
    ...factsOf(record, stored),
    state: state === undefined ? ConversationState.IDLE : standing,
    updatedAt: timeText(last?.endedAt ?? record.updatedAt),
    executionId: last?.id ?? lastTurnId(record.id, stored),
  } satisfies MessageInitShape<typeof ConversationSchema>;
}

export function stateOf({ going }: FoundConversation): ConversationState {
  if (!going) return ConversationState.IDLE;
  return waitingSteps(going).size > 0 ? ConversationState.WAITING : ConversationState.RUNNING;
}

export function messageOf({ role, content, specialist, model, tools = [], time, error }: SaidMessage) {
  return {
    ...{ role, content, time: timeText(time) },
    ...(specialist !== undefined && { specialist }),
    ...(model !== undefined && { model }),
    ...(error && { error: errorOf(error) }),
    toolUses: tools.map(({ tool, arguments: args, outcome, output }) => ({ tool, arguments: args, outcome, output })),
  } satisfies MessageInitShape<typeof ConversationMessageSchema>;
}

function factsOf({ id, createdAt }: FoundConversation['record'], { asked }: StoredConversation) {
  const { query, tools } = asked;
  return { id, title: query.slice(0, longestTitle), tools: [...tools], createdAt: timeText(createdAt) };
}

/** "": none has ended. */
function lastTurnId(id: string, stored: StoredConversation): string {
  return stored.turns === 0 ? '' : nextTurnId(id, { ...stored, turns: stored.turns - 1 });
}

function questionsIn(entries: readonly RunEntry[]) {
  const open = waitingSteps(entries);
  return entries.flatMap(({ event, time }) => {
    if (event.type !== 'waiting' || !open.has(event.step)) return [];
    const { step, question } = event;
    const asked = { step, question: questionOf(question), expiresAt: timeText(time + question.expiresMs) };
    return [asked satisfies MessageInitShape<typeof ConversationQuestionSchema>];
  });
}
