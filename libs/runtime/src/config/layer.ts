import { checkValue, type Source } from './check-value.ts';
import type { Setting } from './settings.ts';

/** A value and where it came from: "flag --port", "env TUTTI_SERVER_PORT", "file tutti.yaml:3:9", "default", "api". */
export interface Sourced {
  readonly value: unknown;
  readonly origin: string;
}

/** What one source says, by the path of the setting. */
export type Layer = ReadonlyMap<string, Sourced>;

/** Adds a raw value to the layer if it is right, else what is wrong with it to `problems`. */
export function put(
  layer: Map<string, Sourced>,
  setting: Setting,
  raw: unknown,
  source: Source & { readonly origin: string },
  problems: string[],
): void {
  const value = checkValue(setting, raw, source, problems);
  if (value !== undefined) layer.set(setting.path, { value, origin: source.origin });
}
