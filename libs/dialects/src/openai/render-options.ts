import { members, type Member } from '../json/spans.ts';
import { runnerOptions } from '../ollama/options.ts';

/** Options that are OpenAI's own. */
const ofOpenai: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
]);

/** Options that have another name at some servers as well. */
const otherNames: Readonly<Record<string, string>> = { repeat_penalty: 'repetition_penalty' };

/** Options in Ollama's names, as members of a request. `strict`: only those that are OpenAI's own. */
export function samplingMembers(optionsJson: string, strict: boolean): Member[] {
  const options = optionsJson === '' ? [] : members(optionsJson);
  return options.flatMap(([key, raw]): Member[] => {
    if (raw === 'null' || runnerOptions.has(key)) return [];
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
