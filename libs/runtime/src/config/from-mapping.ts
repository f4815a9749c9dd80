import { shown, suggestion, type Source } from './check-value.ts';
import { put, type Sourced } from './layer.ts';
import { namesIn, sections, settings } from './settings.ts';

type Path = readonly PropertyKey[];

/** Where a mapping stands. */
export interface Whole {
  readonly origin: (path: Path) => string;
  readonly place?: Source['place'];
  readonly written?: Source['written'];
}

interface Read {
  readonly layer: Map<string, Sourced>;
  /** Paths of the settings whose value is null. */
  readonly empty: string[];
}

/** Settings in the form of the file. Null counts as nothing. */
export function fromMapping(value: unknown, whole: Whole, problems: string[]): Read {
  const { origin, place = () => '', written = () => undefined } = whole;
  const read: Read = { layer: new Map(), empty: [] };
  for (const { path, value: raw } of leaves(value, place, problems)) {
    const setting = settings.find((setting) => setting.path === path)!;
    const keys = path.split('.');
    const source = {
      subject: path,
      origin: origin(keys),
      place: (inner: Path, key?: string) => place([...keys, ...inner], key),
      written: (inner: Path) => written([...keys, ...inner]),
    };
    if (raw === null) read.empty.push(path);
    else put(read.layer, setting, raw, source, problems);
  }
  return read;
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

/** The known settings in it. */
function leaves(value: unknown, place: NonNullable<Source['place']>, problems: string[]): Leaf[] {
  return entriesOf(value, [], place, problems).flatMap(([name, value]) =>
    sections.includes(name)
      ? entriesOf(value, [name], place, problems).map(([key, value]) => ({ path: `${name}.${key}`, value }))
      : [{ path: name, value }],
  );
}

function entriesOf(
  value: unknown,
  path: readonly string[],
  place: NonNullable<Source['place']>,
  problems: string[],
): [string, unknown][] {
  if (value === null || value === undefined) return [];
  const what = path[0] ?? 'the configuration';
  if (typeof value !== 'object' || Array.isArray(value)) {
    // What stands there is not shown: it may be a secret in a wrong place.
    problems.push(`${place(path)}${what} is ${Array.isArray(value) ? 'a list' : 'a single value'}: use a mapping.`);
    return [];
  }
  const known = namesIn(...path);
  const entries = Object.entries(value);
  for (const [key] of entries) {
    if (known.includes(key)) continue;
    const where = path.length > 0 ? ` in ${path.join('.')}` : '';
    problems.push(`${place(path, key)}unknown key ${shown(key)}${where}.${elsewhere(key, known)}`);
  }
  return entries.filter(([key]) => known.includes(key));
}

/** A key of that name in another section, or the nearest one here. */
function elsewhere(key: string, known: readonly string[]): string {
  const other = settings.find(({ path }) => path.endsWith(`.${key}`));
  return other ? ` Did you mean ${other.path}?` : suggestion(key, known);
}
