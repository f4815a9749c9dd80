import { fstatSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { ClusterError } from '@tutti/core';

/** The words of a command line, and what comes on stdin. It does not wait for a stdin that nobody has joined to anything. */
export async function readPrompt(words: string): Promise<string> {
  const input = fstatSync(0);
  const wanted = words === '' || input.isFIFO() || input.isFile();
  const rest = wanted && !process.stdin.isTTY ? (await readAll(process.stdin)).trim() : '';
  const prompt = [words, rest].filter((part) => part !== '').join('\n\n');
  if (prompt !== '') return prompt;
  throw new ClusterError(
    'invalid_request',
    'There is no question. Write it at the end of the line, or send it on stdin.',
  );
}
