/** Options that a backend fixes when it loads a model, the context length apart; each in its canonical place. */
const names = ['main_gpu', 'num_batch', 'num_gpu', 'num_thread', 'use_mmap'] as const;

/**
 * The runner options among a call's options, or in an agent's report, as canonical JSON text: "" for none. Text that is
 * no JSON object has none.
 */
export function runnerOptionsOf(optionsJson: string): string {
  if (!names.some((name) => optionsJson.includes(name))) return '';
  const options = parsed(optionsJson);
  const found = names.filter((name) => ['number', 'boolean'].includes(typeof options[name]));
  if (found.length === 0) return '';
  return JSON.stringify(Object.fromEntries(found.map((name) => [name, options[name]])));
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
