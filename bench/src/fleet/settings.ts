import { fleetSeeds, type NamedFleet } from '@tutti/simulation';
import type { Setting } from './match.ts';

/** What is to be played, in words of the command line; lists have commas. */
export interface Wishes {
  readonly fleet?: string | undefined;
  readonly load?: string | undefined;
  readonly seed?: string | undefined;
  readonly minutes?: string | undefined;
  /** Only what is over within a minute. */
  readonly quick?: boolean | undefined;
}

/** Every match that the wishes ask for. Throws an Error that says which wish makes no sense. */
export function settings({ quick = false, ...wishes }: Wishes): Setting[] {
  const fleets = list(wishes.fleet ?? (quick ? 'n8' : 'n3,n8,n30')).map(fleetFrom);
  return fleets.flatMap((fleet) => {
    const usualLoads = quick ? '0.6' : isNamed(fleet) ? '0.3,0.6,0.85' : '0.3,0.6';
    const loads = list(wishes.load ?? usualLoads).map((text) => positive('--load', text));
    const all = seedsOf(fleet);
    const seeds =
      wishes.seed === undefined
        ? all.slice(0, quick ? 1 : undefined)
        : list(wishes.seed).map((text) => positive('--seed', text));
    const durationMs = wishes.minutes === undefined ? usualMs(fleet) : positive('--minutes', wishes.minutes) * 60_000;
    return loads.map((load) => ({ fleet, load, seeds, durationMs }));
  });
}

export function heldOutSeeds(fleet: Setting['fleet']): readonly number[] {
  return isNamed(fleet) ? fleetSeeds[fleet].heldOut : [];
}

function seedsOf(fleet: Setting['fleet']): readonly number[] {
  return isNamed(fleet) ? [...fleetSeeds[fleet].tuning, ...fleetSeeds[fleet].heldOut] : [1];
}

/** What is played of small fleets; large ones get as many calls in less time. */
export const wholeMs = 1_800_000;

function usualMs(fleet: Setting['fleet']): number {
  if (isNamed(fleet)) return fleet === 'n30' ? 600_000 : wholeMs;
  return fleet < 300 ? 300_000 : 6_000;
}

/** Who plays if nobody is named; undefined: all. Of large fleets those that tell most. */
export function usualPolicies({ fleet }: Setting): readonly string[] | undefined {
  return isNamed(fleet) ? undefined : ['oracle', 'tutti', 'least-connections'];
}

/** "100" and "n100" are the same. */
function fleetFrom(text: string): Setting['fleet'] {
  return isNamed(text) ? text : positive('--fleet', text.replace(/^n/, ''), text);
}

function isNamed(fleet: string | number): fleet is NamedFleet {
  return Object.hasOwn(fleetSeeds, fleet);
}

function list(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

function positive(option: string, text: string, shown = text): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new Error(
    `${option} has "${shown}"; it takes numbers above 0${option === '--fleet' ? ', n3, n8 or n30' : ''}.`,
  );
}
