import type { ServerSettings } from '@tutti/backends';
import type { NodeRecord } from '@tutti/core';

/** A node as the configuration has it. */
interface Declaration extends Partial<Omit<ServerSettings, 'url'>> {
  readonly url?: string | undefined;
  readonly name: string;
  readonly kind: NodeRecord['kind'];
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tier?: number | undefined;
  readonly weight?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly type?: string | undefined;
  readonly platform?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

/**
 * What is left out stays out, so that it changes nothing where records are merged. What a server is reached with stays
 * in the configuration: records are kept in the store.
 */
export function declaredNode(declaration: Declaration): NodeRecord {
  const { name, kind, host, port, url, tier, weight, labels, trust, type, platform, capabilities } = declaration;
  const attributes = given({ tier, weight, labels, trust, type, platform, capabilities });
  const place = url === undefined ? { host, port } : { host: new URL(url).hostname.replaceAll(/[[\]]/g, '') };
  return { name, kind, ...given(place), attributes };
}

/** How to reach the server of a node that is declared with a URL; undefined: there is none of that name. */
export function serverSettings(declared: readonly Declaration[], name: string): ServerSettings | undefined {
  const found = declared.find((node) => node.name === name);
  if (found?.url === undefined) return undefined;
  const { url, apiKey, models, slots, trust, strict } = found;
  return { url, apiKey, models, slots, trust, strict };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
