/** Bytes for people: "4.7 GB". */
export function gigabytes(bytes: number): string {
  const value = bytes / 1e9;
  return `${value < 100 ? Math.round(value * 10) / 10 : Math.round(value)} GB`;
}

/** A count for people: "8,192". */
export function thousands(count: number): string {
  const rest = Math.round(count);
  if (rest < 1_000) return String(rest);
  return `${thousands(Math.floor(rest / 1_000))},${String(rest % 1_000).padStart(3, '0')}`;
}

/** Milliseconds for people: "40 ms", "1.2 s", "3 min". */
export function duration(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_500) return `${Number((ms / 1_000).toFixed(ms < 9_950 ? 1 : 0))} s`;
  return `${Math.round(ms / 60_000)} min`;
}
