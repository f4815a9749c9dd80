import { expect, it } from 'vitest';
import { weightsOf } from './weights.ts';

const [one, two] = ['ab', 'cd'].map((part) => part.repeat(32));

it('weightsOf finds the files that a model is made of, each once', () => {
  const modelfile = [
    '# FROM llama:1b',
    `FROM /models/blobs/sha256-${one}`,
    String.raw`FROM C:\Users\me\.ollama\models\blobs\sha256-${two}`,
    `ADAPTER /models/blobs/sha256-${one}`,
    'FROM llama:1b',
    `TEMPLATE sha256-${one}`,
  ].join('\n');
  expect(weightsOf(JSON.stringify({ modelfile }))).toEqual([`sha256:${one}`, `sha256:${two}`]);
});

it.each(['', 'null', '[]', '{"modelfile":1}', '{}'])('weightsOf finds none in %j', (text) => {
  expect(weightsOf(text)).toEqual([]);
});
