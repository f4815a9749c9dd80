import type { Schema } from '../schema-mismatches.ts';

/** In whose words errors are told. */
export type Face = (typeof faces)[number];

export const faces = ['ollama', 'openai', 'anthropic', 'own'] as const;

/** A content type's schema; of a stream, that of its items. */
type Content = Readonly<Record<string, { readonly schema: Schema; readonly 'x-itemSchema'?: Schema }>>;

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly example?: unknown;
}

/** A route and a method, as the OpenAPI document tells of them. */
export interface Operation {
  readonly id: string;
  readonly face: Face;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly schema: Schema; readonly examples: readonly unknown[] };
  /** What it may answer, by status. */
  readonly answers: ReadonlyMap<number, Content>;
}

export interface Documented {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }>>;
  };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Content }>>;
}

const faceOfErrors: Readonly<Record<string, Face>> = {
  Ollama: 'ollama',
  Openai: 'openai',
  Anthropic: 'anthropic',
  Problem: 'own',
};

/** What a server says of itself at `/openapi.json`. */
export async function documentedBy(url: string): Promise<Documented> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, RawOperation>>;
    components: { schemas: Record<string, Schema> };
  };
  const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, raw]) => operationOf(verb.toUpperCase(), path, raw)),
  );
  return { operations, schemas: document.components.schemas };
}

function operationOf(method: string, path: string, raw: RawOperation): Operation {
  const [content] = Object.values(raw.requestBody?.content ?? {});
  const errors = raw.responses['400']?.$ref?.split('/').at(-1) ?? '';
  const face = faceOfErrors[errors.replace('400', '')];
  if (!face) throw new Error(`${raw.operationId}: in whose words are errors "${errors}"?`);
  return {
    ...{ id: raw.operationId, face, method, path, parameters: raw.parameters ?? [] },
    ...(content && {
      body: { schema: content.schema, examples: Object.values(content.examples ?? {}).map(({ value }) => value) },
    }),
    answers: new Map(
      Object.entries(raw.responses).map(([status, response]) => [Number(status), response.content ?? {}]),
    ),
  };
}
