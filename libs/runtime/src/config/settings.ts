import { z } from 'zod';
import { schema, traits } from './schema.ts';

/** A program that reads settings. */
export type Program = 'orchestrator' | 'agent';

export interface Setting {
  /** Path in the file: "server.port". */
  readonly path: string;
  readonly type: z.ZodType;
  readonly description: string;
  readonly reloadable: boolean;
  readonly secret: boolean;
  readonly usual: ((env: NodeJS.ProcessEnv) => string) | undefined;
  readonly example: string | undefined;
}

/** Names of the settings in a section of the file; none: of the sections and settings at its top. */
export function namesIn(section?: string): string[] {
  const type: unknown = section === undefined ? schema : schema.shape[section as keyof typeof schema.shape];
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}

export const sections: readonly string[] = namesIn().filter((name) => namesIn(name).length > 0);

/** Every setting, in the order of the file. */
export const settings: readonly Setting[] = Object.entries(schema.shape).flatMap(([name, type]) =>
  type instanceof z.ZodObject
    ? Object.entries(type.shape).map(([key, type]) => toSetting(`${name}.${key}`, type))
    : [toSetting(name, type)],
);

function toSetting(path: string, type: z.ZodType): Setting {
  const { reloadable = false, secret = false, usual, example } = traits.get(type) ?? {};
  return { path, type, description: type.description ?? '', reloadable, secret, usual, example };
}

const ownSection: Record<Program, string> = { orchestrator: 'server', agent: 'agent' };

/** "--port" for a program's own settings, "--mongodb-uri" for others. */
export function flagOf(path: string, program: Program): string {
  const own = `${ownSection[program]}.`;
  return `--${words(path.startsWith(own) ? path.slice(own.length) : path).join('-')}`;
}

/** "TUTTI_SERVER_PORT" */
export function variableOf(path: string): string {
  return ['tutti', ...words(path)].join('_').toUpperCase();
}

function words(path: string): string[] {
  return path.replaceAll(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`).split('.');
}
