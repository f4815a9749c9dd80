import type { Question } from './question.ts';

/** What a server answered, as far as it is compared. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Its objects in their order: one, a line each, or an event each; text that is none of these stays text. */
  readonly parts: readonly unknown[];
}

/** Nothing is answered from a cache: what is asked twice is to be done twice. */
export async function ask(url: string, { method, path, body, headers }: Question): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && { body }),
    headers: { ...headers, 'x-tutti-cache': 'bypass' },
  });
  const contentType = response.headers.get('content-type') ?? 'none';
  return { status: response.status, contentType, parts: partsOf(contentType, await response.text()) };
}

function partsOf(contentType: string, text: string): unknown[] {
  if (text === '') return [];
  if (contentType.startsWith('text/event-stream')) return text.split('\n\n').filter(Boolean).map(eventOf);
  return text.split('\n').filter(Boolean).map(valueOf);
}

/** The fields of an event; one that is a comment has only that. */
function eventOf(text: string): unknown {
  const fields = text.split('\n').map((line) => /^([^:]*): ?(.*)$/.exec(line) ?? [line, line, '']);
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name || 'comment', valueOf(value)]));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
