import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capabilities, type Capability, type Client } from './client.ts';
import type { ClientReport } from './compare.ts';
import { knownDifferences } from './differences.ts';

/** What each column is about. */
const columns: Readonly<Record<Capability, string>> = {
  list: 'lists models',
  chat: 'chats',
  stream: 'streams',
  tool: 'calls a tool',
  json: 'JSON by schema',
  embed: 'embeds',
  error: 'typed error',
  cancel: 'cancels',
};

/** The page about who can use Tutti, made from runs. `compared`: with what the shapes were compared. */
export function compatibilityPage(reports: readonly ClientReport[], compared: string): string {
  const lacks = reports.flatMap(({ client }) =>
    Object.entries(client.lacks ?? {}).map(([name, why]) => ({ client, name, why })),
  );
  return [
    '# Compatibility',
    '',
    'Made by `npm run compatibility -- --write`: each client is installed from its registry, given the address of a',
    'cluster of two agents over fake Ollamas, and asked to do all that it can; `npm test` does the same. Models that no',
    'node has give the typed error; a client that cancels leaves no work behind at any node.',
    '',
    row(['client', 'from', 'version', 'speaks', ...capabilities.map((name) => columns[name])]),
    row(Array.from({ length: capabilities.length + 4 }, () => '---')),
    ...reports.map(clientRow),
    '',
    '- = the client cannot:',
    '',
    ...lacks.map(
      ({ client, name, why }) => `- ${client.name} (${client.from}), ${columns[name as Capability]}: ${why}.`,
    ),
    '',
    '## Where answers differ in shape from those of an Ollama',
    '',
    `The same scripts were run against ${compared}, and every object that a client got was compared, place by place.`,
    'These differences were found, and no others:',
    '',
    row(['dialect', 'difference', 'why']),
    row(['---', '---', '---']),
    ...knownDifferences.map(({ dialects, what, why }) => row([dialects.join(', '), what, why])),
    '',
  ].join('\n');
}

function clientRow({ client, results }: ClientReport): string {
  const marks = capabilities.map((name) => {
    if (client.lacks?.[name]) return '-';
    const result = results.find(({ capability }) => capability === name);
    return result && result.failed === undefined ? 'yes' : '**no**';
  });
  return row([client.name, client.from, versionOf(client), client.dialect, ...marks]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The version that is installed, from where it is pinned. */
export function versionOf({ name, from }: Client): string {
  const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
  const pins = {
    npm: () => read('../../package.json'),
    PyPI: () => read('python/requirements.txt') + read('python/requirements-litellm.txt'),
    Go: () => read('go/go.mod'),
  };
  const [library = name] = name.split(' ');
  const module = library.replace(/\/api$/, '');
  const line = pins[from]()
    .split('\n')
    .find((text) => new RegExp(`^\\W*(require )?${RegExp.escape(module)}\\b(?![-/])`).test(text));
  return /\d[\w.]*/.exec(line?.slice(line.indexOf(module) + module.length) ?? '')?.[0] ?? 'unknown';
}
