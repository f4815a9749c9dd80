import { Permission } from '@tutti/proto/tutti/v1/options';
import { callErrors, callHeaders, routeHeaders } from '../../docs/call-headers.ts';
import type { DescribedRoute } from '../../docs/described-route.ts';
import type { Facts } from '../../docs/facts.ts';

const anthropic = { tag: 'Anthropic', permission: Permission.INFER } as const;

/** What Anthropic says for 503 is 529: come again later. */
const overloaded = 529;

/** Anthropic's routes. */
export function anthropicRoutes({ model }: Facts): readonly DescribedRoute[] {
  const question = { model, messages: [{ role: 'user', content: 'Say hello in three languages.' }] };
  return [
    {
      ...anthropic,
      verb: 'post',
      path: '/v1/messages',
      operationId: 'createMessage',
      summary: 'Continues a conversation',
      description:
        'With `stream: true` the answer comes as events, of which the last is `message_stop`. What cannot be done here, such as ' +
        'tools that Anthropic runs, documents and MCP servers, is refused by name; caching and tiers change nothing. Of ' +
        '`thinking` only whether to think is kept, not the budget. A model that cannot think just answers. ' +
        "Ollama's num_ctx, keep_alive, think and options are understood as well.",
      parameters: callHeaders,
      body: {
        shape: 'MessagesRequest',
        examples: { question: { summary: 'A question', value: { ...question, max_tokens: 32 } } },
      },
      answers: {
        200: {
          description: 'The whole answer, or its pieces.',
          headers: { ...routeHeaders, 'request-id': 'The same as x-request-id, under the name that clients know.' },
          content: { 'application/json': 'Message', 'text/event-stream': 'MessageEvent' },
        },
      },
      errors: [...callErrors, overloaded],
    },
    {
      ...anthropic,
      verb: 'post',
      path: '/v1/messages/count_tokens',
      operationId: 'countTokens',
      summary: 'Counts the tokens of a conversation',
      description:
        'Nothing is loaded for it: it is estimated by what was learnt of the model, and `estimated` says so. What a message ' +
        'really took stands in its `usage`.',
      body: {
        shape: 'CountTokensRequest',
        examples: { question: { summary: 'A question', value: question } },
      },
      answers: {
        200: { description: 'How many.', content: { 'application/json': 'TokenCount' } },
      },
      errors: [404, 413],
    },
  ];
}
