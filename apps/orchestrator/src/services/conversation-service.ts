import { toJson, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, localPrincipal } from '@tutti/core';
import type { JsonObject } from '@tutti/core/patterns';
import type { ConversationService, SendMessageResponseSchema } from '@tutti/proto/tutti/v1/conversation';
import { ExecutionBudgetSchema, ExecutionState, type ExecutionBudget } from '@tutti/proto/tutti/v1/pattern';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import type { Conversations } from '../conversations/conversations.ts';
import type { TurnPart } from '../conversations/say.ts';
import type { TurnWork } from '../conversations/stored-conversation.ts';
import { readKeptCaller } from '../caller/caller.ts';
import { conversationOf, listedConversationOf, messageOf, stateOf } from './conversation-parts.ts';
import { executionEvent } from './execution-event.ts';
import { jsonOf } from './execution-parts.ts';

interface Options {
  readonly conversations: Conversations;
}

const defaultPageSize = 50;
const largestPageSize = 500;

/** Talks over many turns. */
export function conversationService({ conversations }: Options): Implementation<typeof ConversationService> {
  return {
    async startConversation({ query, preferredModel, tools, budget }, context) {
      if (query.trim() === '') throw refused('query', 'there is none.');
      const asked = { query, tools, ...(preferredModel !== '' && { preferredModel }) };
      const idempotencyKey = context.metadata.get('idempotency-key');
      const found = await conversations.start(asked, workOf(budget, context), idempotencyKey);
      return { conversation: conversationOf(found) };
    },
    async listConversations({ pageSize = defaultPageSize, pageToken }, { principal = localPrincipal }) {
      if (pageSize < 1 || pageSize > largestPageSize) {
        throw refused('pageSize', `it must be 1 to ${largestPageSize}, got ${pageSize}.`);
      }
      const page = { limit: pageSize, ...(pageToken && { token: pageToken }) };
      const { conversations: found, next = '' } = await conversations.list(principal.id, page);
      return { conversations: found.map(listedConversationOf), nextPageToken: next };
    },
    async getConversation({ id }, { principal = localPrincipal }) {
      return { conversation: conversationOf(await conversations.find(id, principal.id)) };
    },
    async *sendMessage({ id, content, budget }, context) {
      if (content.trim() === '') throw refused('content', 'there is none.');
      const parts = conversations.say(id, content, workOf(budget, context), context.signal);
      for await (const part of parts) yield responseOf(part);
    },
    async answerQuestion({ id, step, value }, { principal = localPrincipal }) {
      const word = jsonOf(value);
      if (typeof word !== 'boolean') throw refused('value', 'it must be true or false.');
      return { conversation: conversationOf(await conversations.answer(id, principal.id, step, word)) };
    },
    async deleteConversation({ id }, { principal = localPrincipal }) {
      await conversations.remove(id, principal.id);
      return {};
    },
  };
}

function responseOf(part: TurnPart): MessageInitShape<typeof SendMessageResponseSchema> {
  switch (part.kind) {
    case 'started': {
      const { runId, pattern } = part;
      return { kind: { case: 'started', value: { id: runId, state: ExecutionState.RUNNING, pattern } } };
    }
    case 'entry':
      return { kind: { case: 'event', value: executionEvent(part.entry) } };
    case 'turn': {
      const { found, messages } = part;
      const content = messages.findLast(({ role, specialist }) => role === 'assistant' && !specialist)?.content ?? '';
      const value = { id: found.record.id, state: stateOf(found), content, messages: messages.map(messageOf) };
      return { kind: { case: 'turn', value } };
    }
  }
}

function workOf(budget: ExecutionBudget | undefined, context: HandlerContext): TurnWork {
  const { metadata, principal = localPrincipal } = context;
  const caller = readKeptCaller((name) => metadata.get(name), principal, 'conversations');
  return { caller, ...(budget && { budget: toJson(ExecutionBudgetSchema, budget) as JsonObject }) };
}

function refused(param: string, what: string): ClusterError {
  return new ClusterError('invalid_request', `${param}: ${what}`, { param });
}
