import { extraMembers, type Extra } from '../answer.ts';
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
  /** Fields of ours, after Ollama's own. */
  readonly extra?: Extra;
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
  /** Fields of ours, after Ollama's own. */
  readonly extra?: Extra;
}

/** The answer of GET /api/tags. */
export function renderTags(models: readonly ListedModel[]): string {
  return `{"models":${arrayText(models.map(modelText))}}`;
}

/** The answer of GET /api/ps. */
export function renderPs(runners: readonly ListedRunner[]): string {
  return `{"models":${arrayText(runners.map(runnerText))}}`;
}

/** How Ollama writes that there is no date; clients expect one. */
const noDate = '0001-01-01T00:00:00Z';

function modelText(model: ListedModel): string {
  const { name, modifiedAt, sizeBytes, digest, detailsJson, capabilities } = model;
  const own = objectText([
    ['name', JSON.stringify(name)],
    ['model', JSON.stringify(name)],
    ['modified_at', JSON.stringify(modifiedAt === '' ? noDate : modifiedAt)],
    ['size', sizeBytes?.toString()],
    ['digest', JSON.stringify(digest)],
    ['details', detailsText(detailsJson)],
    ['capabilities', capabilities.length === 0 ? undefined : JSON.stringify(capabilities)],
  ]);
  return withExtra(own, model.extra);
}

function runnerText(runner: ListedRunner): string {
  const { name, sizeBytes, digest, detailsJson, expiresAt, vramBytes, contextLength } = runner;
  const own = objectText([
    ['name', JSON.stringify(name)],
    ['model', JSON.stringify(name)],
    ['size', sizeBytes?.toString()],
    ['digest', JSON.stringify(digest)],
    ['details', detailsText(detailsJson)],
    ['expires_at', expiresAt === '' ? undefined : JSON.stringify(expiresAt)],
    ['size_vram', vramBytes?.toString()],
    ['context_length', contextLength?.toString()],
  ]);
  return withExtra(own, runner.extra);
}

function withExtra(own: string, extra: Extra = {}): string {
  return `${own.slice(0, -1)}${extraMembers(extra)}}`;
}

/** Clients read the fields of `details` unasked, so they are there even if nothing is known. */
function detailsText(detailsJson: string): string {
  if (detailsJson !== '') return detailsJson;
  return '{"parent_model":"","format":"","family":"","families":null,"parameter_size":"","quantization_level":""}';
}
