import { readDocument } from './document.ts';
import { readText, type FileName } from './find-file.ts';
import { fromMapping } from './from-mapping.ts';
import type { Layer } from './layer.ts';

/** A file of settings. `env` is what `${env:X}` in it stands for. */
export function fromFile(file: FileName, env: NodeJS.ProcessEnv, problems: string[]): Layer {
  const { value, place, written } = readDocument(readText(file), file.name, env, problems);
  const origin = (path: readonly PropertyKey[]): string => `file ${place(path)}`;
  const prefix = (path: readonly PropertyKey[], key?: string): string => `${place(path, key)}: `;
  return fromMapping(value, { origin, place: prefix, written }, problems).layer;
}
