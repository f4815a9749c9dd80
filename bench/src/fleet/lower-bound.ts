import type { Fleet, FleetCall } from '@tutti/simulation';

/**
 * Milliseconds that a call would take alone on its best node, the model in memory and everything cached that any
 * earlier call brought along: nothing is faster. Calls are to come in order of arrival.
 */
export function lowerBounds(fleet: Fleet, calls: readonly FleetCall[]): number[] {
  const seen = new Set<number>();
  return calls.map((call) => {
    const model = fleet.models.find(({ name }) => name === call.model)!;
    const cached = Math.max(0, ...call.prefix.filter(({ hash }) => seen.has(hash)).map(({ tokens }) => tokens));
    for (const { hash } of call.prefix) seen.add(hash);
    const times = fleet.nodes
      .filter((node) => node.models.includes(model))
      .map(({ profile }) => {
        const prefill = (call.promptTokens - cached) / profile.prefillSpeed(model);
        return 1_000 * (prefill + call.outputTokens / profile.decodeSpeed(model));
      });
    return Math.min(...times);
  });
}
