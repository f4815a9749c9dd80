import type { OperationNotes } from '@tutti/rpc/openapi';

/** An id that no conversation has. */
const noConversation = 'no-such-conversation';

const budget = { maxMs: 10_000 };

/** Notes on the operations of conversations; `runErrors` are the errors of every run. */
export function conversationNotes(
  model: string,
  runErrors: readonly number[],
): Readonly<Record<string, OperationNotes>> {
  const absent: OperationNotes = {
    more: 'The example names no conversation.',
    parameters: { id: noConversation },
    errors: [503],
    status: 404,
  };
  return {
    startConversation: {
      errors: runErrors,
      bodies: {
        tools: {
          summary: 'With two tools',
          value: { query: 'How many seconds has a leap year?', tools: ['calculator', 'current_time'], budget },
        },
        model: { summary: 'With one model', value: { query: 'Tell me about Rome.', preferredModel: model, budget } },
      },
    },
    listConversations: {
      summary: "Returns one page of the caller's conversations",
      parameters: { pageSize: 20 },
      errors: [503],
    },
    getConversation: absent,
    sendMessage: {
      ...absent,
      summary: 'Says something, and returns the answer',
      errors: runErrors.filter((status) => status !== 404),
      bodies: { more: { summary: 'The next message', value: { content: 'And in a common year?' } } },
    },
    answerQuestion: {
      ...absent,
      summary: 'Answers a question that a turn asks',
      parameters: { id: noConversation, step: 'step.1.1.tool.1.allow' },
      bodies: { yes: { summary: 'Yes', value: { value: true } } },
    },
    deleteConversation: absent,
  };
}
