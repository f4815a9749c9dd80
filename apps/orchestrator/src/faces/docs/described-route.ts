import type { Permission } from '@tutti/proto/tutti/v1/options';
import type { Example, Parameter } from '@tutti/rpc/openapi';

/** What a route that is written by hand takes and gives. */
export interface DescribedRoute {
  readonly verb: 'get' | 'post' | 'delete';
  /** With fields as `{name}`. */
  readonly path: string;
  /** A verb and a noun; never changes. */
  readonly operationId: string;
  /** The name of a group. */
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly permission: Permission;
  /** It tells of errors as our own routes do; left out: in the words of its face. */
  readonly dialect?: 'problem';
  readonly parameters?: readonly Parameter[];
  /** By the name of a shape; `file`: bytes of any kind. */
  readonly body?: { readonly shape: string; readonly examples: Readonly<Record<string, Example>> };
  /** By status: what it means, and by content type what it is: the name of a shape, `text`, or `object` for any. */
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
  /** Statuses of errors, beside those that a permission brings. */
  readonly errors?: readonly number[];
  /** What the example answers; left out: 200. */
  readonly status?: number;
}

/** What a route answers. */
export interface DescribedAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}
