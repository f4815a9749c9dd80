import { isDeepStrictEqual } from 'node:util';
import { ClusterError } from '@tutti/core';
import { isSecret, withoutPassword } from './check-value.ts';
import { findFile } from './find-file.ts';
import { fileVariable, fromEnvironment } from './from-environment.ts';
import { fromFile } from './from-file.ts';
import { fromFlags } from './from-flags.ts';
import { fromMapping } from './from-mapping.ts';
import type { Layer } from './layer.ts';
import type { ConfigValues } from './schema.ts';
import { settings, type Program, type Setting } from './settings.ts';

/** A setting in force, for people. */
export interface SettingState {
  /** "***" for a secret, null if nothing is set. */
  readonly value: unknown;
  /** "flag --port", "env TUTTI_SERVER_PORT", "file tutti.yaml:3:9", "default" or "api". */
  readonly origin: string;
  /** Whether it can change without a restart. */
  readonly reloadable: boolean;
}

export interface Config {
  /** The settings in force. Read it anew each time: reloadable ones change. */
  readonly current: ConfigValues;
  /** All of them by path, with secrets masked. */
  readonly origins: Readonly<Record<string, SettingState>>;
  /** Path of the file that was read; undefined: there is none. */
  readonly file: string | undefined;
  /** Reads the file anew and applies what can be applied; a file with an error changes nothing and throws. */
  reload(): Reloaded;
  /**
   * Changes reloadable settings until the process ends, over every other source; `changes` has the form of the file, and
   * null takes a change back. All or nothing: `invalid_request`, or `failed_precondition` if one needs a restart.
   */
  patch(changes: unknown): Changed;
  /** Calls `listener` with the paths that have changed, each time some have; the returned function ends that. */
  onChange(listener: (paths: readonly string[]) => void): () => void;
}

export interface Changed {
  /** Paths of the settings that are other than before. */
  readonly changed: readonly string[];
}

export interface Reloaded extends Changed {
  /** Paths that differ from what is in force, but need a restart. */
  readonly needsRestart: readonly string[];
}

export interface LoadOptions {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The working folder. */
  readonly cwd: string;
}

/**
 * The settings of a program: flag before TUTTI_* before other variables before file before default. `invalid_request`
 * names every mistake: its place, the value seen, what is allowed.
 */
export function loadConfig({ program, args, env, cwd }: LoadOptions): Config {
  const problems: string[] = [];
  const flags = fromFlags(program, args, problems);
  const variables = fromEnvironment(program, env, problems);
  const find = () => findFile({ named: flags.file ?? (env[fileVariable] || undefined), cwd, env });
  let file = find();
  let written = file && fromFile(file, env, problems);
  throwIfAny(problems);

  const defaults = defaultsFor(env);
  const listeners = new Set<(paths: readonly string[]) => void>();
  let changes: Layer = new Map();
  let inForce = resolve([flags.layer, variables, written, defaults]);
  let current = toValues(inForce);

  /** Puts in force what can change now, and tells what has. */
  const apply = (wanted: Layer): Reloaded => {
    const different = settings.filter(({ path }) => !isDeepStrictEqual(valueOf(wanted, path), valueOf(inForce, path)));
    const changed = different.filter(({ reloadable }) => reloadable).map(({ path }) => path);
    const needsRestart = different.filter(({ reloadable }) => !reloadable).map(({ path }) => path);
    const kept = [...inForce].filter(([path]) => needsRestart.includes(path));
    inForce = new Map([...sameObjects(wanted, inForce, different), ...kept]);
    current = toValues(inForce);
    if (changed.length > 0) for (const listener of listeners) listener(changed);
    return { changed, needsRestart };
  };

  return {
    get current() {
      return current;
    },
    get origins() {
      return Object.fromEntries(settings.map((setting) => [setting.path, stateOf(setting, inForce)]));
    },
    get file() {
      return file?.path;
    },
    reload() {
      const problems: string[] = [];
      const newFile = file ?? find();
      const newlyWritten = newFile && fromFile(newFile, env, problems);
      throwIfAny(problems);
      [file, written] = [newFile, newlyWritten];
      return apply(resolve([changes, flags.layer, variables, written, defaults]));
    },
    patch(wanted) {
      changes = patched(changes, wanted);
      return { changed: apply(resolve([changes, flags.layer, variables, written, defaults])).changed };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const all = problems.length === 1 ? problems : [`${problems.length} mistakes in the configuration:`, ...problems];
  throw new ClusterError('invalid_request', all.join('\n'));
}

function defaultsFor(env: NodeJS.ProcessEnv): Layer {
  return new Map(
    settings.map(({ path, type, usual }) => [
      path,
      { value: usual ? usual(env) : type.parse(undefined), origin: 'default' },
    ]),
  );
}

/** What says the same as before is the same object as before: who keeps something beside it finds it again. */
function sameObjects(wanted: Layer, before: Layer, different: readonly Setting[]): Layer {
  const changed = new Set(different.map(({ path }) => path));
  return new Map(
    [...wanted].map(([path, sourced]) => [
      path,
      changed.has(path) ? sourced : { ...sourced, value: valueOf(before, path) },
    ]),
  );
}

/** Each setting from the first layer that has it; the last one has all. */
function resolve(layers: readonly (Layer | undefined)[]): Layer {
  return new Map(layers.toReversed().flatMap((layer) => [...(layer ?? [])]));
}

/** The changes so far with some more. */
function patched(changes: Layer, wanted: unknown): Layer {
  const problems: string[] = [];
  const { layer, empty } = fromMapping(wanted, { origin: () => 'api' }, problems);
  throwIfAny(problems);
  const asked = new Set([...layer.keys(), ...empty]);
  const fixed = settings.filter(({ path, reloadable }) => !reloadable && asked.has(path)).map(({ path }) => path);
  if (fixed.length > 0) {
    const verb = fixed.length === 1 ? 'needs' : 'need';
    throw new ClusterError(
      'failed_precondition',
      `${fixed.join(', ')} ${verb} a restart to change: write it in the file and start again.`,
    );
  }
  return new Map([...changes, ...layer].filter(([path]) => !empty.includes(path)));
}

function toValues(layer: Layer): ConfigValues {
  const values: Record<string, unknown> = {};
  for (const [path, { value }] of layer) {
    const [name, key] = path.split('.') as [string, string | undefined];
    if (key === undefined) values[name] = value;
    else values[name] = { ...(values[name] as object), [key]: value };
  }
  return values as ConfigValues;
}

function stateOf({ path, secret, reloadable }: Setting, layer: Layer): SettingState {
  const { value, origin } = layer.get(path)!;
  return { value: secret && value !== undefined ? '***' : withoutSecrets(value ?? null), origin, reloadable };
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutPassword(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [key, isSecret(key) ? '***' : withoutSecrets(inner)]));
}

function valueOf(layer: Layer, path: string): unknown {
  return layer.get(path)?.value;
}
