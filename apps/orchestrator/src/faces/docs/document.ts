import {
  errorMeanings,
  permissionsText,
  problemResponses,
  problemSchema,
  securitySchemes,
  serviceEndpoints,
  type Endpoint,
  type Operation,
  type Response,
  type Schema,
} from '@tutti/rpc/openapi';
import { version } from '@tutti/runtime';
import type { Face, Tag } from '../face.ts';
import { faces } from '../faces.ts';
import { curlOf } from './code-samples.ts';
import { endpointOf } from './endpoint.ts';
import type { Facts } from './facts.ts';
import { ownRoutes } from './own-routes.ts';
import { documentedServices, serviceNotes } from './service-notes.ts';
import { shapeSchemas } from './shapes.ts';
import { tags } from './tags.ts';

type Paths = Record<string, Record<string, Operation & { readonly 'x-codeSamples': readonly object[] }>>;

export interface OpenapiDocument {
  readonly openapi: '3.1.0';
  readonly info: object;
  readonly servers: readonly object[];
  readonly tags: readonly Tag[];
  readonly paths: Paths;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Response>>;
    readonly securitySchemes: Readonly<Record<string, Schema>>;
  };
}

const description = `Every machine you own, playing as one private LLM service.

On the own machine no key is needed. Elsewhere, press **Authorize** and give a key that \`tutti keys create\` has made. What a key
may do follows from its role; each operation names the permission that it needs as \`x-permission\`:

${permissionsText()}

- Names are in lowerCamelCase, durations in milliseconds, sizes in bytes. Fields that are 0 or false are always there; what is not
  known is left out. There are no 64-bit integers.
- An unknown field or parameter is refused, with the nearest name. Only Ollama's and OpenAI's paths hand on what they do not know.
- Errors of our own paths are \`application/problem+json\` (RFC 9457). Ollama's and OpenAI's paths use their own.
- Examples use the port of \`npm start\` and can be run as they are.`;

/** Begins the names of errors that are told as RFC 9457 says. */
const ownKind = 'Problem';

/** The whole REST API. */
export function openapiDocument(facts: Facts): OpenapiDocument {
  const services = serviceEndpoints(documentedServices, serviceNotes(facts));
  const endpoints = [
    ...ownRoutes.map((route) => endpointOf(route, ownKind)),
    ...Object.values(faces).flatMap((face) => faceEndpoints(face, facts)),
    ...services.endpoints,
  ];
  const responses = Object.assign({}, problemResponses, ...Object.values(faces).map(errorResponses));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tutti',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags,
    paths: pathsOf(endpoints),
    components: {
      schemas: { Problem: problemSchema, ...services.schemas, ...shapeSchemas() },
      responses: onlyUsed(responses, endpoints),
      securitySchemes,
    },
  };
}

function faceEndpoints({ routes, errors }: Face, facts: Facts): Endpoint[] {
  return routes(facts).map((route) => endpointOf(route, route.dialect === 'problem' ? ownKind : errors.kind));
}

/** In the order of the groups; within one, as they are written down. */
function pathsOf(endpoints: readonly Endpoint[]): Paths {
  const order = tags.map(({ name }) => name);
  const paths: Paths = {};
  for (const { verb, path, operation } of endpoints.toSorted(
    (a, b) => order.indexOf(a.operation.tags[0]!) - order.indexOf(b.operation.tags[0]!),
  )) {
    const sample = { lang: 'Shell', label: 'curl', source: curlOf(verb, path, operation) };
    paths[path] = { ...paths[path], [verb]: { ...operation, 'x-codeSamples': [sample] } };
  }
  return paths;
}

function errorResponses({ errors: { kind } }: Face): Record<string, Response> {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${kind}Error` } } };
  return Object.fromEntries(
    Object.entries(errorMeanings).map(([status, description]) => [`${kind}${status}`, { description, content }]),
  );
}

function onlyUsed(responses: Readonly<Record<string, Response>>, endpoints: readonly Endpoint[]) {
  const used = new Set(
    endpoints.flatMap(({ operation }) =>
      Object.values(operation.responses).map((response) => ('$ref' in response ? response.$ref : '')),
    ),
  );
  return Object.fromEntries(Object.entries(responses).filter(([name]) => used.has(`#/components/responses/${name}`)));
}
