import { asNumber, asString, invalid, kindOf, wrongKind, type Value } from '../json/fields.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** The longest that Go's time.Duration can hold. */
const longestMs = 2 ** 63 / 1e6;
const part = /(\d+\.?\d*|\.\d+)([^\d.]*)/y;

/** `keep_alive`: seconds as a number, or a Go duration; in milliseconds, -1 for ever. */
export function asKeepAlive(value: Value): number {
  const kind = kindOf(value.raw);
  if (kind !== 'number' && kind !== 'string') throw wrongKind(value, 'a number of seconds or a duration like "5m"');
  const ms = kind === 'number' ? Math.round(asNumber(value) * 1e9) / 1e6 : parseDuration(asString(value), value.path);
  return ms < 0 || ms >= longestMs ? -1 : ms;
}

/** Go's time.ParseDuration, in milliseconds, with its errors: "1h30m", "-1.5s", "0". `path` names the field in them. */
export function parseDuration(text: string, path: string): number {
  const quoted = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  let totalMs = 0;
  part.lastIndex = 0;
  do {
    const [, amount, unit] = part.exec(unsigned) ?? [];
    if (amount === undefined || unit === undefined) throw invalid(path, `time: invalid duration ${quoted}`);
    if (unit === '') throw invalid(path, `time: missing unit in duration ${quoted}`);
    const factor = Object.hasOwn(unitMs, unit) ? unitMs[unit] : undefined;
    if (factor === undefined) throw invalid(path, `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    totalMs += Number(amount) * factor;
  } while (part.lastIndex < unsigned.length);
  if (totalMs >= longestMs) throw invalid(path, `time: invalid duration ${quoted}`);
  return sign * totalMs;
}
