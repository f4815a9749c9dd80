import { canonicalModel } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import { patternModelNames } from './pattern-names.ts';
import { listModels } from './listing.ts';
import { shownDigest } from './shown-digest.ts';

/** A pattern as a model of a list. */
interface ListedPattern {
  readonly name: string;
  /** It has no date. */
  readonly modifiedAt: '';
  readonly sizeBytes: 0;
  readonly digest: string;
  readonly detailsJson: string;
  readonly capabilities: readonly string[];
  /** The least that a model has which may take part; absent: not known of all. */
  readonly contextLength?: number;
}

const details = {
  parent_model: '',
  format: '',
  family: 'tutti',
  families: ['tutti'],
  parameter_size: '',
  quantization_level: '',
};

const capabilities = ['completion', 'thinking'];

const listed = patternModelNames.map((name): ListedPattern => ({
  ...{ name, modifiedAt: '', sizeBytes: 0, detailsJson: JSON.stringify(details), capabilities },
  digest: shownDigest({ name, digest: '' }),
}));

/** The patterns that can be asked as models: all, once there is a model that can chat for them. */
export function listPatterns(nodes: readonly NodeView[]): readonly ListedPattern[] {
  const members = listModels(nodes).filter(
    ({ item }) => item.capabilities.length === 0 || item.capabilities.includes('completion'),
  );
  if (members.length === 0) return [];
  const contextLength = Math.min(...members.map(({ item }) => item.contextLength ?? NaN));
  return Number.isNaN(contextLength) ? listed : listed.map((pattern) => ({ ...pattern, contextLength }));
}

/** What /api/show tells of a pattern; undefined: the model is none, or cannot be asked now. */
export function showPattern(nodes: readonly NodeView[], model: string): object | undefined {
  const name = canonicalModel(model);
  if (!listPatterns(nodes).some((pattern) => canonicalModel(pattern.name) === name)) return undefined;
  const info = { 'general.architecture': 'tutti' };
  return { modelfile: '', parameters: '', template: '', details, model_info: info, capabilities };
}
