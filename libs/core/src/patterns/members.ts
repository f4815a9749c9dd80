import { ClusterError, modelNotFound } from '../error.ts';
import { canonicalModel } from '../model-name.ts';
import type { AvailableModel } from './pattern.ts';
import { refusedField } from './read-body.ts';

interface Wishes {
  /** Models that the caller names; one that is named twice is asked twice. */
  readonly wanted?: readonly string[];
  /** Default: as many as `wanted`; with more, the named are asked in turn. */
  readonly count?: number;
  /** Which of several that would do: by default the largest. */
  readonly size?: 'smallest' | 'largest';
  /** Capabilities that a member must have, beside that of a conversation. */
  readonly needs?: readonly string[];
}

interface Chosen {
  readonly members: readonly AvailableModel[];
  readonly warnings: readonly string[];
}

/** Models are near-equal when none is more than so many times as large as another. */
export const nearEqual = 2;

/**
 * Chooses who answers. Those that the caller names; else models that can chat, in memory first, near-equal in size, of
 * different families. Where there are fewer than members, a model stands more than once: samples of it, which the
 * caller tells apart by seeds.
 */
export function chooseMembers(models: readonly AvailableModel[], wishes: Wishes): Chosen {
  const { wanted = [], needs = [], size = 'largest' } = wishes;
  const count = wishes.count ?? wanted.length;
  if (wanted.length > 0) return { members: filled(named(models, wanted, needs), count), warnings: [] };
  const able = models.filter((model) => canChat(model, needs));
  if (able.length === 0) throw nobody(needs);
  const team = bestTeam(able, count, size);
  const warnings = team.length < count ? [fewer(team, count)] : [];
  return { members: filled(team, count), warnings };
}

/** The one to ask if only one is asked: what `wanted` names first, else in memory first, then by size. */
export function chooseModel(models: readonly AvailableModel[], wishes: Omit<Wishes, 'count'> = {}): AvailableModel {
  return chooseMembers(models, { ...wishes, count: 1 }).members[0]!;
}

/** Whether two sizes are near-equal; an unknown one is to any. */
export function areNearEqual(a: number, b: number): boolean {
  return a === 0 || b === 0 || Math.max(a, b) <= nearEqual * Math.min(a, b);
}

export function canChat({ capabilities }: AvailableModel, needs: readonly string[]): boolean {
  if (capabilities.length === 0) return needs.length === 0;
  return ['completion', ...needs].every((need) => capabilities.includes(need));
}

function named(models: readonly AvailableModel[], wanted: readonly string[], needs: readonly string[]) {
  const byName = new Map(models.map((model) => [canonicalModel(model.name), model]));
  return wanted.map((name) => {
    const model = byName.get(canonicalModel(name));
    if (!model) throw modelNotFound(name);
    if (!canChat(model, needs)) throw refusedField('models', `"${name}" cannot ${['chat', ...needs].join(' with ')}.`);
    return model;
  });
}

/** Each model begins a team of those that are near-equal to it and not smaller; the team with most in memory wins. */
function bestTeam(able: readonly AvailableModel[], count: number, size: 'smallest' | 'largest') {
  const direction = size === 'smallest' ? 1 : -1;
  const bySize = able.toSorted((a, b) => direction * (a.sizeBytes - b.sizeBytes) || (a.name < b.name ? -1 : 1));
  const teams = bySize.map((smallest) => {
    const limit = nearEqual * smallest.sizeBytes;
    const near = bySize.filter(({ sizeBytes }) => sizeBytes >= smallest.sizeBytes && sizeBytes <= limit);
    return picked(near, count);
  });
  const residents = (team: readonly AvailableModel[]): number => team.filter(({ resident }) => resident).length;
  return teams.toSorted((a, b) => residents(b) - residents(a) || b.length - a.length)[0]!;
}

/** In memory first, then of a family that is not there yet, then in the order given. */
function picked(near: readonly AvailableModel[], count: number): readonly AvailableModel[] {
  const left = [...near];
  const team: AvailableModel[] = [];
  const families = new Set<string>();
  const rank = ({ resident, family }: AvailableModel): number => (resident ? 2 : 0) + (families.has(family) ? 0 : 1);
  while (team.length < count && left.length > 0) {
    const best = left.reduce((a, b) => (rank(b) > rank(a) ? b : a));
    left.splice(left.indexOf(best), 1);
    families.add(best.family);
    team.push(best);
  }
  return team;
}

function filled(team: readonly AvailableModel[], count: number): readonly AvailableModel[] {
  return Array.from({ length: Math.max(count, team.length) }, (_, index) => team[index % team.length]!);
}

function fewer(team: readonly AvailableModel[], count: number): string {
  const names = team.map(({ name }) => name).join(', ');
  return `The cluster has ${team.length} near-equal models for ${count} members: the members are samples of ${names}.`;
}

function nobody(needs: readonly string[]): ClusterError {
  const what = needs.length > 0 ? `that can chat with ${needs.join(' and ')}` : 'that can chat';
  return new ClusterError('model_not_found', `The cluster has no model ${what}; pull one.`, { param: 'models' });
}
