import type { Client, StepResult, Target } from './client.ts';
import { isKnown } from './differences.ts';
import { shapeDifference } from './shape.ts';

/** What a client could do, and where the shape of what it got is not what an Ollama gave. */
export interface ClientReport {
  readonly client: Client;
  readonly results: readonly StepResult[];
  /** Each with its capability, "+" for what only we have and "-" for what only Ollama has. */
  readonly unknown: readonly string[];
}

/** Runs a client through Tutti and, if an Ollama speaks its dialect, the same script there. */
export async function reportOn(client: Client, through: Target, direct: Target): Promise<ClientReport> {
  const results = await Array.fromAsync(client.run(through));
  const others = direct.speaks.includes(client.dialect) ? await Array.fromAsync(client.run(direct)) : [];
  return { client, results, unknown: unknownPlaces(client, results, others) };
}

/** Where what a client got from one server is of another shape than from an Ollama, and nobody knows why. */
export function unknownPlaces(client: Client, results: readonly StepResult[], others: readonly StepResult[]): string[] {
  return others.flatMap(({ capability, found: other }) => {
    const found = results.find((result) => result.capability === capability)?.found;
    const { added, missing } = shapeDifference(found?.answer, other?.answer);
    const places = [...added.map((place) => ['+', place] as const), ...missing.map((place) => ['-', place] as const)];
    return places
      .filter(([, place]) => !isKnown(client.dialect, capability, place))
      .map(([sign, place]) => `${capability} ${sign} ${place}`);
  });
}
