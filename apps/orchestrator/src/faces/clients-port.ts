import { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DescService } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import type { Implementation } from '@tutti/rpc';
import type { Shutdown } from '@tutti/runtime';
import type { Config as Settings } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import type { Registry } from '@tutti/runtime/metrics';
import type { Authority } from '@tutti/runtime/pki';
import type { Access } from '../access/access.ts';
import { readServerCertificate, refreshCertificate } from '../access/public-certificate.ts';
import type { Door } from '../door.ts';
import { metricsFace } from '../observation/metrics-face.ts';
import { docsFace } from './docs/docs.ts';
import type { FaceParts } from './face.ts';
import { faces } from './faces.ts';
import { healthFace } from './http/health.ts';
import { createHttpServer } from './http/http-server.ts';
import { logViewerFace } from './http/log-viewer.ts';
import { sessionFace } from './http/session.ts';
import { publicService } from './rest/rest.ts';

/** The port where clients come, with every dialect and page. */
export interface ClientsPort {
  /** Serves one of our public services by REST, Connect and gRPC-Web. */
  serve<S extends DescService>(service: S, implementation: Implementation<S>): void;
  open(): Promise<void>;
  /** The port once it is open. */
  readonly port: number;
  /** Reads the certificate anew. */
  refreshCertificate(): void;
}

interface Options {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly settings: Pick<Settings, 'current'>;
  readonly access: Access;
  /** Issues the certificate, if that is wanted. */
  readonly authority: Authority | undefined;
  readonly metrics: Registry;
  readonly door: Door;
  /** Requests that are still there at the end get so long. */
  readonly shutdownGraceMs: number;
  readonly log: Log;
}

/** Its certificate is read at once: a wrong one is told before anything is open. */
export async function createClientsPort(options: Options, parts: FaceParts, shutdown: Shutdown): Promise<ClientsPort> {
  const { host, settings, authority, door, shutdownGraceMs, log } = options;
  const { clock } = parts;
  const { tls } = settings.current.server;
  const readCertificate = () => readServerCertificate({ tls, authority, names: settings.current.server.allowedHosts });
  const app = serverOf(options, await readCertificate());
  let certificate: ReturnType<typeof refreshCertificate> | undefined;
  await serveFaces(app, options, parts);

  return {
    serve: (service, implementation) => publicService(app, service, implementation, { clock, log }),
    async open() {
      await app.listen({ host, port: options.port });
      shutdown.add('http', () => app.close());
      shutdown.add('requests', () => door.close(shutdownGraceMs));
      const { server } = app;
      if (server instanceof HttpsServer)
        certificate = refreshCertificate({ server, read: readCertificate, clock, log });
      shutdown.add('certificate', () => certificate?.close());
    },
    get port() {
      return (app.server.address() as AddressInfo).port;
    },
    refreshCertificate: () => certificate?.refresh(),
  };
}

function serverOf({ settings, access, log }: Options, tls: { cert: string; key: string } | undefined): FastifyInstance {
  const { trustProxy, readTimeout } = settings.current.server;
  return createHttpServer({
    ...{ log, trustProxy, tls, timeouts: { requestMs: readTimeout * 1_000 } },
    access: {
      exposed: access.exposed,
      authenticate: access.authenticate,
      allowedHosts: () => settings.current.server.allowedHosts,
      allowedOrigins: () => settings.current.server.allowedOrigins,
    },
  });
}

async function serveFaces(app: FastifyInstance, { access, metrics, door }: Options, parts: FaceParts): Promise<void> {
  const { cluster } = parts;
  for (const face of Object.values(faces)) face.serve(app, parts);
  healthFace(app, { cluster, stopping: () => door.stopping });
  metricsFace(app, metrics);
  sessionFace(app, access);
  await logViewerFace(app);
  await docsFace(app, { cluster });
}
