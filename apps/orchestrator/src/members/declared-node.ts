import type { NodeRecord } from '@tutti/core';

/** A node as the configuration has it. */
interface Declaration {
  readonly name: string;
  readonly kind: NodeRecord['kind'];
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tier?: number | undefined;
  readonly weight?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly trust?: 'local' | 'cluster' | 'cloud' | undefined;
  readonly type?: string | undefined;
  readonly platform?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

/** What is left out stays out, so that it changes nothing where records are merged. */
export function declaredNode({ name, kind, host, port, ...attributes }: Declaration): NodeRecord {
  return { name, kind, ...given({ host, port }), attributes: given(attributes) };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
