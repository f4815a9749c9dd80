import { ClusterError } from '@tutti/core';

/** The value of a header; undefined: there is none. */
export type Header = (name: string) => string | undefined;

/** What a header's value stands for; any other value is refused. */
export function choice<T>(header: Header, name: string, choices: Readonly<Record<string, T>>): T | undefined {
  const value = header(name);
  if (value === undefined) return undefined;
  if (Object.hasOwn(choices, value)) return choices[value];
  return refuse(name, `must be ${oneOf(Object.keys(choices))}`, value);
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
}

const longestShown = 100;

/** A wish that cannot be kept. `rule`: what the value must be. */
export function refuse(param: string, rule: string, value: string): never {
  const shown = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
  throw new ClusterError('invalid_request', `${param} ${rule}, got "${shown}".`, { param });
}
