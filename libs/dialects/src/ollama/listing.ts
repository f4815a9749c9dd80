import { arrayText, objectText } from '../json/text.ts';

/** A model on disk, as /api/tags shows it. What is unknown is left out there, but for `details`. */
export interface ListedModel {
  readonly name: string;
  /** When it was last changed, RFC 3339. Empty: unknown. */
  readonly modifiedAt: string;
  readonly sizeBytes?: number | undefined;
  /** Lower-case hex without a prefix. */
  readonly digest: string;
  /** Ollama's `details` object as JSON text. Empty: unknown. */
  readonly detailsJson: string;
  /** Empty: unknown. */
  readonly capabilities: readonly string[];
}

/** A model in memory, as /api/ps shows it. What is unknown is left out there, but for `details`. */
export interface ListedRunner {
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly digest: string;
  readonly detailsJson: string;
  /** When it is unloaded if nobody asks, RFC 3339. Empty: unknown. */
  readonly expiresAt: string;
  /** Part of the size that is on a GPU. */
  readonly vramBytes?: number | undefined;
  /** Context length in tokens. */
  readonly contextLength?: number | undefined;
}

/** The answer of GET /api/tags. */
export function renderTags(models: readonly ListedModel[]): string {
  return `{"models":${arrayText(models.map(modelText))}}`;
}

/** The answer of GET /api/ps. */
export function renderPs(runners: readonly ListedRunner[]): string {
  return `{"models":${arrayText(runners.map(runnerText))}}`;
}

function modelText(model: ListedModel): string {
  const { name, modifiedAt, sizeBytes, digest, detailsJson, capabilities } = model;
  return objectText([
    ['name', JSON.stringify(name)],
    ['model', JSON.stringify(name)],
    ['modified_at', modifiedAt === '' ? undefined : JSON.stringify(modifiedAt)],
    ['size', sizeBytes?.toString()],
    ['digest', JSON.stringify(digest)],
    ['details', detailsText(detailsJson)],
    ['capabilities', capabilities.length === 0 ? undefined : JSON.stringify(capabilities)],
  ]);
}

function runnerText(runner: ListedRunner): string {
  const { name, sizeBytes, digest, detailsJson, expiresAt, vramBytes, contextLength } = runner;
  return objectText([
    ['name', JSON.stringify(name)],
    ['model', JSON.stringify(name)],
    ['size', sizeBytes?.toString()],
    ['digest', JSON.stringify(digest)],
    ['details', detailsText(detailsJson)],
    ['expires_at', expiresAt === '' ? undefined : JSON.stringify(expiresAt)],
    ['size_vram', vramBytes?.toString()],
    ['context_length', contextLength?.toString()],
  ]);
}

/** Clients read the fields of `details` unasked, so they are there even if nothing is known. */
function detailsText(detailsJson: string): string {
  if (detailsJson !== '') return detailsJson;
  return '{"parent_model":"","format":"","family":"","families":null,"parameter_size":"","quantization_level":""}';
}
