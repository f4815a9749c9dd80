export interface ModelName {
  /** With registry and namespace: how error messages and the runner's table name it. */
  readonly full: string;
  /** As lists show it: what is default is left out, but never the tag. */
  readonly short: string;
  readonly valid: boolean;
}

const registry = 'registry.ollama.ai';
const namespace = 'library';
const defaultTag = 'latest';
const missing = '!MISSING!';

/** Reads `[[host/]namespace/]model[:tag]`. */
export function parseModelName(text: string): ModelName {
  const tagged = text.lastIndexOf(':') > text.lastIndexOf('/');
  const { before: untagged = '', after: tag } = tagged ? cutLast(text, ':') : { before: text, after: defaultTag };
  const { before: above, after: model } = cutLast(untagged, '/');
  const { before: host, after: space } =
    above === undefined ? { before: registry, after: namespace } : cutLast(above, '/');
  const parts = { host: host ?? registry, space, model: model || missing, tag: tag || missing };
  const path = `${parts.model}:${parts.tag}`;
  const isDefault = parts.host.toLowerCase() === registry;
  const prefix = isDefault && parts.space.toLowerCase() === namespace ? '' : `${parts.space}/`;
  return {
    full: `${parts.host}/${parts.space}/${path}`,
    short: `${isDefault ? '' : `${parts.host}/`}${prefix}${path}`,
    valid:
      /^\w[\w.:-]{0,349}$/.test(parts.host) &&
      /^\w[\w-]{0,79}$/.test(parts.space) &&
      /^\w[\w.-]{0,79}$/.test(parts.model) &&
      /^\w[\w.-]{0,79}$/.test(parts.tag),
  };
}

/** What is before the last separator, undefined without one, and what is after it. */
function cutLast(text: string, separator: string): { before: string | undefined; after: string } {
  const at = text.lastIndexOf(separator);
  return at < 0 ? { before: undefined, after: text } : { before: text.slice(0, at), after: text.slice(at + 1) };
}
