import type { Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { facts } from '../output/table.ts';

/** What Ollama tells of a model; all of it may be missing. */
export interface ModelDetails {
  readonly details?: {
    readonly family?: string;
    readonly parameter_size?: string;
    readonly quantization_level?: string;
  };
  readonly model_info?: Readonly<Record<string, unknown>>;
  readonly capabilities?: readonly string[];
  readonly parameters?: string;
  readonly system?: string;
  readonly license?: string;
}

export function declareShow(command: Command): void {
  startsWithExamples(command, 'tutti show llama3.2:3b', 'tutti show llama3.2:3b --json');
  onCluster(command.argument('<model>', 'its name'), async ({ client, output }, model) => {
    const details = await client.json<ModelDetails>('POST', '/api/show', { body: { model } });
    output.answer(details, () => describeModel(details));
    output.next(`tutti run ${model} "Say hello"`);
  });
}

/** In sections, as Ollama does it. */
export function describeModel({
  details,
  model_info,
  capabilities,
  parameters,
  system,
  license,
}: ModelDetails): string {
  const info = (suffix: string): string => {
    const [, value] = Object.entries(model_info ?? {}).find(([name]) => name.endsWith(suffix)) ?? [];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const model = facts(
    [
      ['architecture', info('general.architecture') || (details?.family ?? '')],
      ['parameters', details?.parameter_size ?? ''],
      ['context length', info('.context_length')],
      ['embedding length', info('.embedding_length')],
      ['quantization', details?.quantization_level ?? ''],
    ],
    '    ',
  );
  const sections: [string, string][] = [
    ['Model', model],
    ['Capabilities', indented(capabilities?.join('\n'))],
    ['Parameters', indented(parameters)],
    ['System', indented(system)],
    ['License', indented(license?.split('\n').slice(0, 2).join('\n'))],
  ];
  return sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `  ${title}\n${text}\n`)
    .join('\n')
    .trimEnd();
}

function indented(text = ''): string {
  return text.trim() === '' ? '' : text.trim().replaceAll(/^/gm, '    ');
}
