import type { JsonValue } from '@bufbuild/protobuf';

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: string | number | boolean;
}

/** A request that works. */
export interface Example {
  readonly summary: string;
  readonly value: JsonValue;
}

export interface Content {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, Example>>;
  /** Of a stream: what each of its items is; OpenAPI 3.2 calls it `itemSchema`. */
  readonly 'x-itemSchema'?: Schema;
}

export interface Body {
  readonly required: boolean;
  readonly content: Readonly<Record<string, Content>>;
}

interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
  readonly content?: Readonly<Record<string, Content>>;
}

export type Response = ResponseObject | { readonly $ref: string };

/** What OpenAPI says of one verb at one path. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  /** 60 characters at most. */
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Body;
  /** By status. */
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** What the caller must be allowed to do. */
  readonly 'x-permission': string;
  /** Status that the example answers. */
  readonly 'x-exampleStatus': number;
}

/** An operation and where it is. */
export interface Endpoint {
  /** In lower case, as OpenAPI has it. */
  readonly verb: string;
  /** With fields as `{name}`. */
  readonly path: string;
  readonly operation: Operation;
}

/** What is known of an operation beside its descriptor. */
export interface OperationNotes {
  /** In place of the first sentence of its comment. */
  readonly summary?: string;
  /** Stands after its comment. */
  readonly more?: string;
  /** Statuses of errors that do not follow from its descriptor. */
  readonly errors?: readonly number[];
  /** Example values of parameters, by name. */
  readonly parameters?: Readonly<Record<string, NonNullable<Parameter['example']>>>;
  /** Example bodies, by name. */
  readonly bodies?: Readonly<Record<string, Example>>;
  /** What the example answers, if that is not 200. */
  readonly status?: number;
}
