import type { Preset } from './presets.ts';

const names = ['temperature', 'top_p'] as const;

/** The sampling options of a preset, by name. */
export type SamplingOptions = Partial<Record<(typeof names)[number], number>>;

/** The options of a call. Undefined: it is no JSON object, which is for the backend to refuse. */
export function parsedOptions(optionsJson: string): Readonly<Record<string, unknown>> | undefined {
  if (optionsJson === '') return {};
  try {
    const value: unknown = JSON.parse(optionsJson);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Those of a preset's options that are not set. */
export function missingOptions(preset: Preset, options: Readonly<Record<string, unknown>>): SamplingOptions {
  const missing = names.filter((name) => !Object.hasOwn(options, name));
  return Object.fromEntries(missing.map((name) => [name, preset[name]]));
}

/** The text of a JSON object with more members; what was there stays as it was written. */
export function withOptions(optionsJson: string, more: SamplingOptions): string {
  const there = optionsJson.trim().slice(1, -1).trim();
  const added = JSON.stringify(more).slice(1, -1);
  return `{${[there, added].filter((part) => part !== '').join(',')}}`;
}
