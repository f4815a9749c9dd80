import { ClusterError } from '@tutti/core';
import { errorFrom } from './error-from.ts';

/** The objects of newline-delimited JSON; a line that is an error is thrown. */
export async function* jsonLines<T>(response: Response): AsyncGenerator<T> {
  for await (const line of textLines(response)) {
    if (line === '') continue;
    const object = JSON.parse(line) as T;
    const { error } = object as { readonly error?: unknown };
    if (typeof error === 'string') throw new ClusterError('upstream_error', error);
    yield object;
  }
}

/** The objects of server-sent events; an event named error is thrown. */
export async function* serverSentEvents<T>(response: Response): AsyncGenerator<T> {
  let isError = false;
  for await (const line of textLines(response)) {
    if (line === '') isError = false;
    else if (line === 'event: error') isError = true;
    else if (line.startsWith('data: ')) {
      const text = line.slice('data: '.length);
      if (isError) throw errorFrom(502, text);
      yield JSON.parse(text) as T;
    }
  }
}

async function* textLines(response: Response): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw ClusterError.from(error);
    throw new ClusterError('node_unreachable', 'The orchestrator has gone in the middle of its answer.', {
      cause: error,
    });
  }
  if (rest !== '') yield rest;
}
