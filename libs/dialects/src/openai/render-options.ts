import { members } from '../json/spans.ts';

type Member = readonly [key: string, raw: string];

/** Options that are OpenAI's own. */
const ofOpenai: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
]);

/** Options that say how a server is to run a model: here it has decided that long ago. */
const ofRunners: ReadonlySet<string> = new Set(
  'main_gpu num_batch num_gpu num_thread use_mmap use_mlock numa low_vram num_keep'.split(' '),
);

/** Options that have another name at some servers as well. */
const otherNames: Readonly<Record<string, string>> = { repeat_penalty: 'repetition_penalty' };

/** Options in Ollama's names, as members of a request. `strict`: only those that are OpenAI's own. */
export function samplingMembers(optionsJson: string, strict: boolean): Member[] {
  const options = optionsJson === '' ? [] : members(optionsJson);
  return options.flatMap(([key, raw]): Member[] => {
    if (raw === 'null' || ofRunners.has(key)) return [];
    if (strict) return ofOpenai.has(key) ? [[key, raw]] : [];
    const other = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
    return other === undefined
      ? [[key, raw]]
      : [
          [key, raw],
          [other, raw],
        ];
  });
}
