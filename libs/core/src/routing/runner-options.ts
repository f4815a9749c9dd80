/** Options that a backend fixes when it loads a model, the context length apart; each in its canonical place. */
const kinds = {
  main_gpu: 'number',
  num_batch: 'number',
  num_gpu: 'number',
  num_thread: 'number',
  use_mmap: 'boolean',
} as const;

const names = Object.keys(kinds) as (keyof typeof kinds)[];

/**
 * The runner options among a call's options, or in an agent's report, as canonical JSON text: "" for none. Text that is
 * no JSON object has none. Two texts are the same where Ollama finds the options the same.
 */
export function runnerOptionsOf(optionsJson: string): string {
  if (!names.some((name) => optionsJson.includes(name))) return '';
  const options = parsed(optionsJson);
  const found = names.flatMap((name) => {
    const value = settled(name, options[name]);
    return value === undefined ? [] : [[name, value]];
  });
  return found.length === 0 ? '' : JSON.stringify(Object.fromEntries(found));
}

/** Numbers are whole there. A negative `num_gpu` leaves the layers to the backend, which keeps the runner that it has. */
function settled(name: keyof typeof kinds, value: unknown): number | boolean | undefined {
  if (typeof value !== kinds[name]) return undefined;
  if (typeof value !== 'number') return value as boolean;
  const whole = Math.trunc(value);
  return name === 'num_gpu' && whole < 0 ? undefined : whole;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
