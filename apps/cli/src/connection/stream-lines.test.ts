import { expect, it } from 'vitest';
import { jsonLines, serverSentEvents } from './stream-lines.ts';

/** An answer that comes in pieces of so many bytes, which cut characters in two. */
function inPieces(text: string, size: number): Response {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  );
  return new Response(ReadableStream.from(pieces));
}

it.each([1, 2, 3, 7, 1_000])('lines in pieces of %d bytes', async (size) => {
  const answer = inPieces('{"a":"é"}\n\n{"a":"日本"}', size);
  expect(await Array.fromAsync(jsonLines(answer))).toEqual([{ a: 'é' }, { a: '日本' }]);
});

it('a line that is an error is thrown, after those before it', async () => {
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const line of jsonLines(inPieces('{"a":1}\n{"error":"gone"}\n', 5))) seen.push(line);
  };
  await expect(read()).rejects.toMatchObject({ reason: 'upstream_error', message: 'gone' });
  expect(seen).toEqual([{ a: 1 }]);
});

it.each([1, 4, 1_000])('events in pieces of %d bytes; comments are nothing, an error is thrown', async (size) => {
  const seen: unknown[] = [];
  const problem = '{"code":"storage_unavailable","detail":"The store is away."}';
  const text = `: keep-alive\n\ndata: {"a":"é"}\n\nevent: error\ndata: ${problem}\n\n`;
  const read = async (): Promise<void> => {
    for await (const event of serverSentEvents(inPieces(text, size))) seen.push(event);
  };
  await expect(read()).rejects.toMatchObject({ reason: 'storage_unavailable', message: 'The store is away.' });
  expect(seen).toEqual([{ a: 'é' }]);
});
