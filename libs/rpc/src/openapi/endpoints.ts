import { getOption, type DescField, type DescService } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { collect, Collect, permission } from '@tutti/proto/tutti/v1/options';
import { bindingsOf, pathOf, type Binding } from '../rest/bindings.ts';
import { queryParametersOf } from '../rest/query-parameters.ts';
import { kindsOf } from '../rest/response-json.ts';
import { accessOf } from './access.ts';
import type { Body, Content, Endpoint, Operation, OperationNotes, Parameter, Response, Schema } from './document.ts';
import { bodyErrors, problemRefs } from './problems.ts';
import { createSchemas, type Schemas } from './schemas.ts';
import { firstSentence, methodText } from './texts.ts';

interface TaggedService {
  readonly service: DescService;
  readonly tag: string;
}

const longestSummary = 60;

/** The REST API of services as OpenAPI has it. `notes` are by operation id: the method's name in lowerCamelCase. */
export function serviceEndpoints(
  services: readonly TaggedService[],
  notes: Readonly<Record<string, OperationNotes>>,
): { endpoints: Endpoint[]; schemas: Readonly<Record<string, Schema>> } {
  const schemas = createSchemas(services.flatMap(({ service }) => service.methods.map(({ output }) => output)));
  const endpoints = services.flatMap(({ service, tag }) =>
    bindingsOf(service).map((binding) => ({
      verb: binding.verb.toLowerCase(),
      path: pathOf(binding, (name) => `{${name}}`),
      operation: operationOf(binding, tag, notes[binding.method.localName] ?? {}, schemas),
    })),
  );
  return { endpoints, schemas: schemas.components };
}

function operationOf(binding: Binding, tag: string, notes: OperationNotes, schemas: Schemas): Operation {
  const { method } = binding;
  const text = methodText(method);
  const { errors, ...access } = accessOf(getOption(method, permission));
  const body = bodyOf(binding, notes, schemas);
  return {
    operationId: method.localName,
    tags: [tag],
    summary: checkedSummary(method.localName, notes.summary ?? firstSentence(text)),
    description: [text, notes.more].filter(Boolean).join('\n\n'),
    parameters: parametersOf(binding, notes, schemas),
    ...(body && { requestBody: body }),
    responses: {
      ...responsesOf(binding, schemas),
      ...problemRefs([...errors, ...bodyErrors(binding.verb), ...errorsOf(binding, text), ...(notes.errors ?? [])]),
    },
    ...access,
    'x-exampleStatus': notes.status ?? 200,
  };
}

/** Throws for one that Swagger UI would cut off. */
export function checkedSummary(operationId: string, summary: string): string {
  if (summary.length <= longestSummary) return summary;
  throw new ClusterError('internal', `${operationId} needs a summary of ${longestSummary} characters: ${summary}`);
}

function errorsOf({ pathFields }: Binding, text: string): number[] {
  return [
    ...(pathFields.length > 0 || text.includes('NOT_FOUND') ? [404] : []),
    ...(text.includes('FAILED_PRECONDITION') ? [409] : []),
  ];
}

function parametersOf(binding: Binding, { parameters: examples = {} }: OperationNotes, schemas: Schemas): Parameter[] {
  const inPath = binding.pathFields.map((field): Omit<Parameter, 'example'> => {
    const { description = '', ...schema } = schemas.ofField(field, 'request');
    return { name: field.jsonName, in: 'path', description: description as string, required: true, schema };
  });
  const inQuery = queryParametersOf(binding).map(({ name, path }): Omit<Parameter, 'example'> => {
    const { description = '', ...schema } = schemas.ofField(path.at(-1)!, 'request');
    return { name, in: 'query', description: description as string, schema };
  });
  const prefer = isCollected(binding) ? [preferHeader] : [];
  return [...inPath, ...inQuery, ...prefer].map((parameter) => {
    const example = examples[parameter.name];
    return { ...parameter, ...(example !== undefined && { example }) };
  });
}

const preferHeader: Parameter = {
  name: 'Prefer',
  in: 'header',
  description: '`respond-async` answers with the first message at once; the rest goes on.',
  schema: { type: 'string', enum: ['respond-async'] },
};

function bodyOf({ method, body, pathFields }: Binding, { bodies }: OperationNotes, schemas: Schemas): Body | undefined {
  if (body === undefined) return undefined;
  const fields = method.input.fields.filter((field) => !pathFields.includes(field));
  const whole = () => (pathFields.length === 0 ? schemas.ofMessage(method.input, 'request') : schemas.ofFields(fields));
  const { description: _, ...schema } = body === '*' ? whole() : schemas.ofField(body, 'request');
  return {
    required: body !== '*',
    content: { 'application/json': { schema, ...(bodies && { examples: bodies }) } },
  };
}

function responsesOf(binding: Binding, schemas: Schemas): Record<string, Response> {
  const { first, any, last } = messagesOf(binding, schemas);
  const json = (schema: Schema): Record<string, Content> => ({ 'application/json': { schema } });
  if (binding.method.methodKind === 'unary') return { 200: { description: 'Done.', content: json(last) } };
  const events: Record<string, Content> = {
    'text/event-stream': { schema: { type: 'string' }, 'x-itemSchema': any },
  };
  const stream = 'Server-sent events: each `data:` is one message; `event: error` ends them.';
  if (!isCollected(binding)) return { 200: { description: stream, content: events } };
  return {
    200: {
      description: `The last message; with \`Accept: text/event-stream\`, all of them. ${stream}`,
      content: { ...json(last), ...events },
    },
    202: { description: 'The first message, with `Prefer: respond-async`.', content: json(first) },
  };
}

/** What a stream begins with, is made of and ends with; all the same unless its message is nothing but a oneof. */
function messagesOf({ method, responseBody }: Binding, schemas: Schemas): Record<'first' | 'any' | 'last', Schema> {
  const ofField = (field: DescField): Schema => {
    const { description: _, ...schema } = schemas.ofField(field, 'response');
    return schema;
  };
  const kinds = kindsOf(method.output).map(ofField);
  const [first] = kinds;
  if (first) return { first, any: { oneOf: kinds }, last: kinds.at(-1)! };
  const whole = responseBody ? ofField(responseBody) : schemas.ofMessage(method.output, 'response');
  return { first: whole, any: whole, last: whole };
}

function isCollected({ method }: Binding): boolean {
  return method.methodKind !== 'unary' && getOption(method, collect) === Collect.LAST;
}
