import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../clients/client.ts';

/** A page of `docs/connect`, as far as a test does what it says. */
export interface Page {
  readonly text: string;
  /** Its fenced blocks that name a file, for example "~/.continue/config.yaml". */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Its shell blocks. */
  readonly commands: readonly string[];
}

const folder = join(import.meta.dirname, '../../../../docs/connect');
const block = /^```(?<language>\w+)(?: (?<path>\S+))?\n(?<text>.*?)^```$/gms;

/** What pages call the address and the models. */
const named = { url: 'http://127.0.0.1:3001', chat: 'qwen3:8b', embed: 'nomic-embed-text' };

/** Reads a page for a cluster: with its address, and with models that it has. */
export async function readPage(name: string, { url, models }: Target): Promise<Page> {
  const text = (await readFile(join(folder, `${name}.md`), 'utf8'))
    .replaceAll(named.url, url)
    .replaceAll(named.chat, models.tool ?? models.chat)
    .replaceAll(named.embed, models.embed);
  const blocks = [...text.matchAll(block)].map(
    ({ groups }) => groups as { language: string; path?: string; text: string },
  );
  return {
    text,
    files: blocks.flatMap(({ path, text: content }) => (path === undefined ? [] : [{ path, text: content }])),
    commands: blocks
      .filter(({ language, path }) => language === 'sh' && path === undefined)
      .map(({ text: command }) => command),
  };
}

/** The line with which a page says that it was tried. */
export function triedLine(versions: string): string {
  return `Tried by \`npm run test:connect\` with ${versions}.`;
}
