/** Where a run is, or something of it. */
export function runPath(id: string, part?: 'events' | 'cancel' | 'fixture'): string {
  const path = `/api/patterns/execution/${encodeURIComponent(id)}`;
  return part === undefined ? path : `${path}/${part}`;
}
