import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

const half = () => 0.5;

describe('readOptions', () => {
  it("has Ollama's defaults, and a seed by chance", () => {
    expect(readOptions('', half)).toEqual({
      temperature: 0.8,
      topK: 40,
      topP: 0.9,
      minP: 0,
      seed: 2 ** 31,
      repeatPenalty: 1.1,
      repeatLastN: 64,
      presencePenalty: 0,
      frequencyPenalty: 0,
      stop: [],
    });
  });

  it('reads what it knows and leaves the rest alone', () => {
    const options = readOptions('{"temperature":0,"seed":7,"stop":"\\n","num_gpu":3,"top_k":null}', half);
    expect(options).toMatchObject({ temperature: 0, seed: 7, stop: ['\n'], topK: 40 });
  });

  it('takes several stop texts and drops empty ones, which would end every answer', () => {
    expect(readOptions('{"stop":["a","","b"]}', half).stop).toEqual(['a', 'b']);
  });

  it.each([
    ['{"temperature":"hot"}', 'option "temperature" must be of type number'],
    ['{"stop":[1]}', 'option "stop" must be of type array of strings'],
    ['[]', 'options must be a JSON object'],
    ['{', 'options must be a JSON object'],
  ])('refuses %s', (text, message) => {
    expect(() => readOptions(text, half)).toThrow(expect.objectContaining({ reason: 'invalid_request', message }));
  });
});
