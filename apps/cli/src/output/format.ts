const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** "1.9 GB"; decimal, as models are sold. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1_000;
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

const spans = [
  ['year', 365 * 24 * 60 * 60_000],
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** An hour less a moment is an hour. */
const almost = 0.99;

/** "5 minutes": the largest unit only. */
export function span(ms: number): string {
  const [name, unit] = spans.find(([, unit]) => ms >= unit * almost) ?? spans.at(-1)!;
  const count = Math.floor(Math.max(0, ms / unit + 1 - almost));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** "in 5 minutes", "5 minutes ago"; of an RFC 3339 time, seen from `now` in ms since 1970. Empty: "never". */
export function relative(time: string, now: number): string {
  if (time === '') return 'never';
  const ahead = Date.parse(time) - now;
  return ahead > 0 ? `in ${span(ahead)}` : `${span(-ahead)} ago`;
}

/** "850 ms", "2.3 s", "4 min": of something that was measured. */
export function measured(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(0)} min`;
}

/** "1.2k" */
export function thousands(count: number): string {
  return count < 1_000 ? String(count) : `${(count / 1_000).toFixed(1)}k`;
}
