import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Cluster } from '@tutti/core/cluster';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { configSchema } from '@tutti/runtime/config';
import { permitRoutes } from '../../access/guard.ts';
import { openapiDocument } from './document.ts';
import { factsOf, usualFacts } from './facts.ts';

interface Options {
  readonly cluster: Pick<Cluster, 'nodes'>;
}

const page = '/swagger-ui.html';

/** Nothing from elsewhere; Swagger UI draws its icons from data URLs. */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** The description of the REST API, as JSON, YAML and a page, and the schema of the configuration. */
export async function docsFace(app: FastifyInstance, { cluster }: Options): Promise<void> {
  const document = openapiDocument(usualFacts);
  await app.register(async (scope) => {
    permitRoutes(scope, Permission.VIEW);
    await scope.register(swagger, { mode: 'static', specification: { document: document as never } });
    await scope.register(swaggerUi, {
      routePrefix: page,
      staticCSP: contentSecurityPolicy,
      // The page's examples name a node and a model that are there.
      transformSpecification: () => ({ ...openapiDocument(factsOf(cluster)) }),
      transformSpecificationClone: false,
      theme: { title: 'Tutti: REST API' },
      uiConfig: {
        layout: 'BaseLayout',
        docExpansion: 'list',
        deepLinking: true,
        displayOperationId: true,
        displayRequestDuration: true,
        filter: true,
        persistAuthorization: true,
        tryItOutEnabled: true,
        defaultModelsExpandDepth: -1,
        validatorUrl: null,
      },
    });
    scope.get('/docs', async (_, reply) => reply.redirect(page));
    scope.get('/openapi.json', async () => document);
    scope.get('/openapi.yaml', async (_, reply) =>
      reply.type('application/yaml; charset=utf-8').send(scope.swagger({ yaml: true })),
    );
    scope.get('/schema/config.json', async (_, reply) =>
      reply.type('application/schema+json; charset=utf-8').send(JSON.stringify(configSchema(), null, 2)),
    );
  });
}
