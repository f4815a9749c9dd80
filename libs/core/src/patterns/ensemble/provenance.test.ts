import { expect, test } from 'vitest';
import { openAnswers } from './open-answers.fixture.ts';
import { provenanceOf } from './provenance.ts';

test('of the sentences that were labelled by hand, nearly all are told right', () => {
  const wrong = openAnswers.flatMap(({ answer, supported, invented }) => [
    ...supported.filter((sentence) => provenanceOf(sentence, [answer])[0]!.invented).map(() => 'missed'),
    ...invented.filter((sentence) => !provenanceOf(sentence, [answer])[0]!.invented),
  ]);
  // Numbers in words are words as any other.
  expect(wrong).toEqual([
    'It needs nine hours of light every day.',
    'Arrive twenty minutes early.',
    'Cool it under running lukewarm water for five minutes and then put ice on.',
  ]);
});

test('each sentence has the sources that say it, and a number that none has is an invention', () => {
  const text =
    '1. Mount Elbrus is 5,642 m high.\n2. It stands in the Caucasus.\n\nMount Elbrus is 5,895 m high. Good luck!';
  expect(
    provenanceOf(text, ['Elbrus, a mount of 5642 m, is high.', 'Elbrus stands in the Caucasus, at the border.']),
  ).toEqual([
    { sentence: '1. Mount Elbrus is 5,642 m high.', sources: [0], invented: false },
    { sentence: '2. It stands in the Caucasus.', sources: [1], invented: false },
    { sentence: 'Mount Elbrus is 5,895 m high.', sources: [], invented: true },
    { sentence: 'Good luck!', sources: [], invented: false },
  ]);
});

test('words that are spread over a long source do not support a sentence', () => {
  const filler = 'Nothing of this matters here at all. '.repeat(5);
  const source = `Bears sleep. ${filler}Honey is sweet. ${filler}Winter comes. ${filler}Caves are deep.`;
  expect(provenanceOf('Bears store honey for winter in caves.', [source])[0]!.sources).toEqual([]);
});

test('code is one piece', () => {
  const code = '```js\nconst total = prices.reduce(add);\n\nprint(total);\n```';
  const [before, block] = provenanceOf(`So it goes:\n${code}\n`, [`You write\n${code}`]);
  expect(before!.sentence).toBe('So it goes:');
  expect(block).toMatchObject({ sentence: code, sources: [0] });
});
