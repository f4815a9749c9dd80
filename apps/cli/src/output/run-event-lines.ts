import type { RunEvent } from '../connection/api.ts';
import { measured } from './format.ts';
import { oneLine } from './one-line.ts';
import { describeNote } from './run-note.ts';

const mostCharacters = 100;
const longestEffect = 300;

/** An event of a run in lines for people; the words of steps, which come in pieces, have none. */
export function runEventLines(event: RunEvent): readonly string[] {
  const { type, step = '' } = event;
  switch (type) {
    case 'started':
      return [`started: ${event.pattern}`];
    case 'claimed':
      return ['another process works on it'];
    case 'asked':
      return event.model === undefined ? [] : [`${step} asks ${event.model}`];
    case 'answered':
      return [`${step} ${answerOf(event)}`];
    case 'failed':
      return [`${step} failed: ${event.error?.message ?? ''}`];
    case 'dropped':
      return [`${step} dropped: ${event.why}`];
    case 'waiting':
      return [`${step} waits for a person: ${questionText(event)}`];
    case 'noted':
      return describeNote(event.note ?? {});
    case 'exhausted':
      return [`the budget has no more ${event.resource}`];
    case 'cancelled':
      return ['cancelled'];
    case 'ended':
      return [endOf(event)];
    default:
      return [];
  }
}

/** "May "fetch_url" be used with these arguments? {"url":"https://…"}" */
function questionText({ question }: RunEvent): string {
  const { prompt = '', effect } = question ?? {};
  const what = (effect as { readonly arguments?: unknown } | undefined)?.arguments ?? effect;
  const shown = what === undefined ? '' : ` ${oneLine(JSON.stringify(what), longestEffect)}`;
  return `${oneLine(prompt, mostCharacters)}${shown}`;
}

/** "COMPLETED: 3 calls, 120 tokens" */
export function endOf({ state, usage, error }: RunEvent): string {
  const spent = `${usage?.calls ?? 0} calls, ${usage?.outputTokens ?? 0} tokens`;
  return `${state}: ${spent}${error ? `; ${error.message}` : ''}`;
}

/** "answered, llama:1b on gpu0, 12 tokens in 1.2 s: The sky …" */
function answerOf({ model, node, text = '', durationMs = 0, usage }: RunEvent): string {
  const tokens = `${usage?.outputTokens ?? 0} tokens in ${measured(durationMs)}`;
  return `answered, ${model} on ${node}, ${tokens}: ${oneLine(text, mostCharacters)}`;
}
