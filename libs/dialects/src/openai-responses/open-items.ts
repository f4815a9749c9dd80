import { messageText, outputTextPart, reasoningPart, reasoningText, type ItemStatus } from './output-items.ts';

/** The text of an event; `members` are those after its type and number. */
export type WriteEvent = (type: string, members: string) => string;

/** An item that is being written. */
export interface OpenItem {
  readonly kind: 'message' | 'reasoning';
  start(): string;
  /** `logprobs`: the texts of the tokens' objects. */
  add(text: string, logprobs: readonly string[]): string;
  close(status: ItemStatus): WrittenItem;
}

/** An item that has ended, as JSON text, and the events that say so. */
export interface WrittenItem {
  readonly item: string;
  readonly events: string;
}

export interface Place {
  readonly id: string;
  readonly index: number;
}

export function openMessage(event: WriteEvent, { id, index }: Place): OpenItem {
  const place = `"item_id":"${id}","output_index":${index},"content_index":0`;
  const logprobs: string[] = [];
  let said = '';
  return {
    kind: 'message',
    start: () =>
      event('response.output_item.added', `"output_index":${index},"item":${messageText(id, 'in_progress', [])}`) +
      event('response.content_part.added', `${place},"part":${outputTextPart('', [])}`),
    add(text, tokens) {
      said += text;
      logprobs.push(...tokens);
      return event(
        'response.output_text.delta',
        `${place},"delta":${JSON.stringify(text)},"logprobs":[${tokens.join()}]`,
      );
    },
    close(status) {
      const part = outputTextPart(said, logprobs);
      const item = messageText(id, status, [part]);
      const events =
        event('response.output_text.done', `${place},"text":${JSON.stringify(said)},"logprobs":[${logprobs.join()}]`) +
        event('response.content_part.done', `${place},"part":${part}`) +
        event('response.output_item.done', `"output_index":${index},"item":${item}`);
      return { item, events };
    },
  };
}

interface ReasoningShape {
  readonly summary: boolean;
  readonly sealed: boolean;
}

/** Summaries and the reasoning itself have events of their own, in the same order. */
export function openReasoning(event: WriteEvent, { id, index }: Place, shape: ReasoningShape): OpenItem {
  const { summary } = shape;
  const place = `"item_id":"${id}","output_index":${index},"${summary ? 'summary' : 'content'}_index":0`;
  const [part, text] = summary
    ? ['response.reasoning_summary_part', 'response.reasoning_summary_text']
    : ['response.content_part', 'response.reasoning_text'];
  let thought = '';
  return {
    kind: 'reasoning',
    start: () =>
      event(
        'response.output_item.added',
        `"output_index":${index},"item":${reasoningText(id, { ...shape, status: 'in_progress' })}`,
      ) + event(`${part}.added`, `${place},"part":${reasoningPart(summary, '')}`),
    add(thinking) {
      thought += thinking;
      return event(`${text}.delta`, `${place},"delta":${JSON.stringify(thinking)}`);
    },
    close(status) {
      const item = reasoningText(id, { ...shape, status, text: thought });
      const events =
        event(`${text}.done`, `${place},"text":${JSON.stringify(thought)}`) +
        event(`${part}.done`, `${place},"part":${reasoningPart(summary, thought)}`) +
        event('response.output_item.done', `"output_index":${index},"item":${item}`);
      return { item, events };
    },
  };
}
