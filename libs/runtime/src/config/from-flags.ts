import { nearestName } from '@tutti/core';
import { parseArgs } from 'node:util';
import { put, type Layer, type Sourced } from './layer.ts';
import { flagOf, settings, type Program, type Setting } from './settings.ts';

interface Flags {
  readonly layer: Layer;
  /** The value of `--config`. */
  readonly file: string | undefined;
}

/** The command line: `--port 3001`, `--port=3001`, `--discovery`, `--no-discovery`. The last of a flag counts. */
export function fromFlags(program: Program, args: readonly string[], problems: string[]): Flags {
  const known = flagsOf(program);
  const layer = new Map<string, Sourced>();
  let file: string | undefined;
  // What stands alone after a wrong flag is most likely its value.
  let lastIsWrong = false;
  for (const token of tokensOf(args, known)) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (!lastIsWrong) problems.push(strayArgument(token.index));
      lastIsWrong = false;
      continue;
    }
    const { name } = token;
    const setting = known.get(name);
    const text = setting && isSwitch(setting) ? switchText(token) : valueText(token);
    lastIsWrong = text === undefined || (!setting && name !== 'config');
    if (!setting && name !== 'config') problems.push(unknownFlag(token, [...known.keys(), 'config']));
    else if (text === undefined) problems.push(`--${name} needs a value: write --${name}=VALUE.`);
    else if (setting) put(layer, setting, text, { subject: `--${name}`, origin: `flag --${name}` }, problems);
    else file = text;
  }
  return { layer, file };
}

/** Its text is not shown: it may be a secret in a wrong place. */
function strayArgument(index: number): string {
  return `Argument ${index + 1} belongs to no flag. Settings are given as flags, for example --port 3001.`;
}

function unknownFlag({ name, rawName }: OptionToken, known: readonly string[]): string {
  const near = nearestName(name, known);
  return `Unknown flag ${rawName}.${near === undefined ? '' : ` Did you mean --${near}?`}`;
}

/** The settings by their flags, without the dashes. */
function flagsOf(program: Program): Map<string, Setting> {
  const known = new Map(settings.map((setting) => [flagOf(setting.path, program).slice(2), setting]));
  return known.set('log-level', known.get('logging-level')!);
}

/** Every part of the command line, right or wrong. */
function tokensOf(args: readonly string[], known: ReadonlyMap<string, Setting>) {
  const options = Object.fromEntries(
    [...known].map(([flag, setting]) => [flag, { type: isSwitch(setting) ? 'boolean' : 'string' }] as const),
  );
  return parseArgs({
    args: [...args],
    options: { ...options, config: { type: 'string' } },
    strict: false,
    tokens: true,
    allowNegative: true,
  }).tokens;
}

function isSwitch({ type }: Setting): boolean {
  return type.safeParse('true').data === true;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** `--discovery`, `--no-discovery` or `--discovery=false`. */
function switchText({ name, rawName, value }: OptionToken): string {
  return value ?? String(rawName === `--${name}`);
}

/** Undefined: it is missing, or what stands there looks like the next flag. */
function valueText({ value, inlineValue }: OptionToken): string | undefined {
  return value === '' || (value?.startsWith('-') && inlineValue !== true) ? undefined : value;
}
