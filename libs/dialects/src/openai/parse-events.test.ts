import { expect, it } from 'vitest';
import { createEventParser } from './index.ts';

const endOf = (choice: object): string | undefined => {
  const parser = createEventParser({ promptTokens: 1 });
  const chunks = [...parser.line(`data: ${JSON.stringify({ choices: [{ delta: {}, ...choice }] })}`), ...parser.end()];
  return chunks.flatMap(({ kind }) => (kind.case === 'done' ? [kind.value.extraJson] : []))[0];
};

it.each([
  [{ finish_reason: 'stop' }, ''],
  [{ finish_reason: 'stop', stop_reason: null }, ''],
  [{ finish_reason: 'stop', stop_reason: 151_645 }, ''],
  [{ finish_reason: 'stop', stop_reason: 'END' }, '{"stop_sequence":"END"}'],
  [{ finish_reason: 'content_filter' }, '{"stop_reason":"refusal"}'],
])('the end of %j is told as %s', (choice, extraJson) => {
  expect(endOf(choice)).toBe(extraJson);
});
