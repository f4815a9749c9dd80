const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Longest duration that Go has; means "for ever". */
export const foreverMs = 9_223_372_036_854;

/** A Go duration such as "5m" or "1h30m" in ms, or Go's words for what is wrong with it. */
export function parseGoDuration(text: string): { ms: number } | { error: string } {
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return { ms: 0 };
  if (rest === '') return { error: `time: invalid duration ${JSON.stringify(text)}` };
  let ms = 0;
  while (rest !== '') {
    const [whole, number = '', unit = ''] = /^(\d*\.?\d*)([^\d.]*)/.exec(rest) ?? [''];
    if (!/\d/.test(number)) return { error: `time: invalid duration ${JSON.stringify(text)}` };
    if (unit === '') return { error: `time: missing unit in duration ${JSON.stringify(text)}` };
    const factor = unitMs[unit];
    if (factor === undefined)
      return { error: `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}` };
    ms += Number(number) * factor;
    rest = rest.slice(whole.length);
  }
  return { ms: sign * ms };
}
