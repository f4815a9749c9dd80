import { schema } from './schema.ts';
import { namesIn, sections, settings, type Setting } from './settings.ts';
import { yaml } from './yaml.ts';

const head = `# yaml-language-server: $schema=http://127.0.0.1:3001/schema/config.json
#
# Settings of Tutti, as they are if nothing is said. Take the # away from what you change; what has no default shows an
# example. Read from the working folder, or from ~/.config/tutti/tutti.yaml. A flag (--port) or a variable
# (TUTTI_SERVER_PORT) comes before this file. Keep secrets out of it: \${env:NAME} stands for a variable.
`;

const nodesExample = `# An Ollama on another machine, and a server with OpenAI's API:
#
#   nodes:
#     - name: gpu0
#       kind: ollama
#       host: 192.168.1.10
#       tier: 2
#     - name: rack
#       kind: openai
#       url: http://192.168.1.20:8080/v1
`;

const routesExample = `# Code to machines with a GPU; of the rest four fifths to one machine:
#
#   routes:
#     - match: code
#       requires: [gpu]
#     - match: '*'
#       policy: weighted
#       weights: {gpu0: 80, laptop: 20}
`;

const aliasesExample = `# Whatever a coding agent calls its model, it gets a local one:
#
#   aliases: {'claude-*': 'qwen3:8b'}
`;

const examples: Readonly<Record<string, string>> = {
  nodes: nodesExample,
  routes: routesExample,
  aliases: aliasesExample,
};

/** The text of a file with every setting, explained and commented out. */
export function initialConfig(): string {
  const parts = namesIn().map((name) => (sections.includes(name) ? sectionText(name) : settingText(find(name))));
  return [head, ...parts].join('\n');
}

function sectionText(name: string): string {
  const about = schema.shape[name as keyof typeof schema.shape].description;
  const lines = namesIn(name).map((key) => settingText(find(`${name}.${key}`)).replaceAll(/^(?=.)/gm, '  '));
  return `# ${about}\n${name}:\n${lines.join('\n')}`;
}

function settingText({ path, type, description, example, usual }: Setting): string {
  const key = path.split('.').at(-1)!;
  const value: unknown = usual ? undefined : type.parse(undefined);
  const text =
    value === undefined
      ? example
      : yaml().stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, singleQuote: true }).trim();
  return `# ${description}\n${examples[path] ?? ''}#${key}: ${text}\n`;
}

function find(path: string): Setting {
  return settings.find((setting) => setting.path === path)!;
}
