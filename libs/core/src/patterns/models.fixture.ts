import type { Call } from '../generate.ts';
import type { AvailableModel } from './pattern.ts';

/** Models of a test: all can chat and are of one size, of a family each, in no node's memory. */
export function modelsOf(...models: readonly (string | (Partial<AvailableModel> & { name: string }))[]) {
  return models.map((model): AvailableModel => {
    const given = typeof model === 'string' ? { name: model } : model;
    const { name } = given;
    return {
      ...{ resident: false, sizeBytes: 4e9, contextLength: 0, family: name, capabilities: ['completion'] },
      ...given,
    };
  });
}

/** The text of a call's last turn. */
export function promptOf({ kind }: Call): string {
  if (kind.case !== 'chat') return '';
  const parts = kind.value.messages.at(-1)?.parts ?? [];
  return parts.map((part) => (part.kind.case === 'text' ? part.kind.value : '')).join('');
}
