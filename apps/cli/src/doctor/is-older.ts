/** Whether a version such as "0.5.1" comes before another. What follows a "-" does not count. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('-')[0]!.split('.').map(Number));
  const differs = b!.findIndex((part, i) => part !== (a![i] ?? 0));
  return differs >= 0 && (a![differs] ?? 0) < b![differs]!;
}
