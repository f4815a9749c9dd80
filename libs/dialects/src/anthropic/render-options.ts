import { members, type Member } from '../json/spans.ts';
import { runnerOptions } from '../ollama/options.ts';
import { unknownField } from './unknown-field.ts';

/** Ollama's options under Anthropic's names. */
const names: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  stop: 'stop_sequences',
};

/** What changes nothing: a server with these values does as it would without them. */
const neutral: Readonly<Record<string, number>> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  repeat_penalty: 1,
  min_p: 0,
  typical_p: 1,
};

/** Options in Ollama's names, as members of a request. Throws for one that Anthropic has no name for. */
export function samplingMembers(optionsJson: string): Member[] {
  const options = optionsJson === '' ? [] : members(optionsJson);
  return options.flatMap(([key, raw]): Member[] => {
    if (raw === 'null' || runnerOptions.has(key) || (Object.hasOwn(neutral, key) && Number(raw) === neutral[key]))
      return [];
    const name = Object.hasOwn(names, key) ? names[key] : undefined;
    if (name === undefined) throw unknownField(key);
    return [[name, key === 'stop' && raw.startsWith('"') ? `[${raw}]` : raw]];
  });
}
