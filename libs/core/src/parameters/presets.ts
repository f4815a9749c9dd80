/** What a call is for, as far as sampling goes. */
export const samplingTasks = ['facts', 'math', 'code', 'creative', 'extraction', 'chat'] as const;

export type SamplingTask = (typeof samplingTasks)[number];

/** Sampling options in Ollama's names. */
export interface Preset {
  readonly name: string;
  readonly temperature: number;
  readonly top_p: number;
}

const exact: Preset = { name: 'exact', temperature: 0, top_p: 1 };
const careful: Preset = { name: 'careful', temperature: 0.2, top_p: 0.9 };
const even: Preset = { name: 'even', temperature: 0.5, top_p: 0.95 };
const varied: Preset = { name: 'varied', temperature: 0.8, top_p: 0.95 };
const free: Preset = { name: 'free', temperature: 1, top_p: 0.98 };

/**
 * What may be tried for each kind of task; the first is used until another has shown that it is better. Starts follow
 * common practice: near 0 for facts, code and extraction, 0.3 to 0.7 for sampled reasoning, 0.8 to 1 for invention.
 */
export const presets: Readonly<Record<SamplingTask, readonly [Preset, ...Preset[]]>> = {
  facts: [careful, exact, even],
  math: [even, exact, careful, varied],
  code: [careful, exact, even],
  creative: [varied, even, free],
  extraction: [exact, careful],
  chat: [even, careful, varied],
};

export function isSamplingTask(text: string): text is SamplingTask {
  return (samplingTasks as readonly string[]).includes(text);
}
