import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { expect, it } from 'vitest';
import { arrayText, elements, members, objectText } from '../json/index.ts';
import { seeded, type Seeded } from '../seeded.fixture.ts';
import { inputItems, keptItem, parseResponseRequest, responseId, responseStream, withConversation } from './index.ts';

const id = responseId('0123456789abcdef0123456789abcdef');
const done = create(DoneSchema, { reason: 'stop' });
const requests = ['all-fields', 'cut-beginning', 'plain'].map((name) =>
  readFileSync(new URL(`golden/${name}.request.txt`, import.meta.url), 'utf8').trim(),
);

/** The text of a value in which something was put in the place of something else, with space between the tokens. */
function changed(raw: string, chance: Seeded): string {
  const { below, pick, space, json, random } = chance;
  if (random() < 0.2) return pick([json(2), 'null', '""', '"function"', '"message"', '[]', '{}', '0']);
  if (raw.startsWith('[')) {
    const parts = elements(raw);
    const at = below(parts.length);
    return arrayText(parts.map((part, index) => (index === at ? changed(part, chance) : space() + part)));
  }
  if (!raw.startsWith('{')) return raw;
  const parts = members(raw);
  const at = below(parts.length);
  return objectText(parts.map(([key, part], index) => [key, index === at ? changed(part, chance) : space() + part]));
}

/** What comes of a request: undefined if it is refused, which it must be by the name of a field. */
function handled(text: string) {
  try {
    const request = parseResponseRequest(text);
    const items = inputItems(request.input, id, new Map());
    const of = (list: typeof items) =>
      withConversation(
        request,
        list.map(({ item }) => item),
      );
    return { request, items, call: of(items), again: of(items.map(({ text: kept }) => keptItem(kept))) };
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({ reason: 'invalid_request', param: expect.any(String) as string });
    return undefined;
  }
}

it('whatever is asked is refused by name, or is the same when it is kept, and is told in events', () => {
  let taken = 0;
  for (let seed = 1; seed <= 3_000; seed++) {
    const chance = seeded(seed);
    let text = chance.pick(requests);
    for (let times = 1 + chance.below(2); times > 0; times--) text = changed(text, chance);
    if (!text.startsWith('{')) continue;
    try {
      const result = handled(text);
      if (!result) continue;
      taken++;
      expect(result.again).toEqual(result.call);
      const stream = responseStream({ ...result.request, id, createdAt: 1, model: 'm', toolCallId: () => 'c' });
      const events = stream.start(true) + stream.finish(done);
      const whole = stream.whole(done, { stored: true, completedAt: 2 });
      for (const event of (events + stream.end(done, whole)).split('\n\n').slice(0, -1)) {
        expect(() => void JSON.parse(/^event: [^\n\r]*\ndata: ([^\n\r]*)$/.exec(event)![1]!)).not.toThrow();
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${text}`, { cause: error });
    }
  }
  expect(taken).toBeGreaterThan(300);
});
