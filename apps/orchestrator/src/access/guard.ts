import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { ClusterError, type Principal } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { authenticateLocal, type Authenticate, type Credentials } from './authenticate.ts';
import { allowPage, answerPreflight, isPreflight } from './cross-origin.ts';
import { hostRule } from './hosts.ts';
import { containsKey } from './key-text.ts';
import { loginHeaders, loginPage } from './login-page.ts';
import { originRule } from './origins.ts';
import { authorize } from './permissions.ts';
import { readSessionCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller of this route must be allowed to do. A server with a route without one does not start. */
    permission?: Permission;
  }

  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    principal: Principal;
  }
}

export interface GuardOptions {
  /** Whether other machines can come. */
  readonly exposed: boolean;
  readonly authenticate: Authenticate;
  /** Further names of this server; "*" stands for any letters. Asked for each request. */
  readonly allowedHosts?: () => readonly string[];
  /** Origins of pages that may use this server; "*" stands for any letters. Asked for each request. */
  readonly allowedOrigins?: () => readonly string[];
}

/** For a server that only its own machine can reach. */
export const localGuard: GuardOptions = { exposed: false, authenticate: authenticateLocal };

/** Whoever asks for what is public. */
const anyone: Principal = { id: 'anyone', name: 'anyone', role: 'viewer', models: [], classes: [], modelsWrite: false };

/**
 * Stands before every route of a server, also of plugins: the server does not start while a route says no permission,
 * and no handler runs before the request's host, origin, key and right have been checked.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const { exposed, authenticate, allowedHosts = () => [], allowedOrigins = () => [] } = options;
  const isOurHost = hostRule({ exposed, allowedHosts });
  const mayUseUs = originRule({ exposed, allowedOrigins });
  const routes: RouteOptions[] = [];

  app.decorateRequest('principal');
  app.addHook('onRoute', (route) => void routes.push(route));
  // Not when a route is added: a plugin's routes get their permission from a hook that runs after this one's.
  app.addHook('onReady', async () => routes.forEach(requirePermission));

  /** True if the request is let in; false if it has its answer already. */
  const admit = (request: FastifyRequest, reply: FastifyReply): boolean => {
    refuseKeyInUrl(request.url);
    if (hasTwoHosts(request.raw))
      throw new ClusterError('invalid_request', 'The request has more than one Host header.');
    if (!isOurHost(request.host)) throw strangeHost(request.host);
    const { origin } = request.headers;
    if (origin !== undefined) {
      if (!mayUseUs(origin, request.protocol, request.host)) throw strangeOrigin(origin);
      allowPage(reply, origin);
      if (isPreflight(request)) {
        answerPreflight(request, reply);
        return false;
      }
    }
    const permission = request.is404 ? Permission.PUBLIC : request.routeOptions.config.permission;
    try {
      request.principal = permission === Permission.PUBLIC ? anyone : authenticate(credentialsOf(request));
      authorize(permission ?? Permission.UNSPECIFIED, request.principal);
    } catch (thrown) {
      if (!wantsPage(request, ClusterError.from(thrown))) throw thrown;
      void reply.code(401).headers(loginHeaders).send(loginPage);
      return false;
    }
    return true;
  };

  // Not async: a promise for every request costs more than all that is done here.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      if (admit(request, reply)) done();
    } catch (thrown) {
      done(thrown as Error);
    }
  });
}

/** What a request shows of who it comes from. */
export function credentialsOf({ headers, ip }: FastifyRequest): Credentials {
  return {
    authorization: headers.authorization,
    apiKey: headers['x-api-key']?.toString(),
    session: readSessionCookie(headers.cookie),
    // A socket that has just closed has none.
    address: ip ?? '',
  };
}

/** Gives every route that a plugin adds to `app` the same permission. */
export function permitRoutes(app: FastifyInstance, permission: Permission): void {
  app.addHook('onRoute', (route) => {
    route.config = { permission, ...route.config };
  });
}

function requirePermission({ method, url, config }: RouteOptions): void {
  if (config?.permission) return;
  throw new Error(`The route ${method.toString()} ${url} says no permission: give it config: { permission }.`);
}

/** URLs end up in logs and histories. */
function refuseKeyInUrl(url: string): void {
  if (!containsKey(url) && !(url.includes('%') && containsKey(decoded(url)))) return;
  throw new ClusterError(
    'invalid_request',
    'A key must not stand in a URL, where logs and histories keep it. Send it as "Authorization: Bearer KEY", and have this one revoked.',
  );
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return '';
  }
}

/** A person has opened a page in a browser. */
function wantsPage({ method, headers }: FastifyRequest, { reason }: ClusterError): boolean {
  return reason === 'unauthenticated' && method === 'GET' && (headers.accept ?? '').includes('text/html');
}

function strangeHost(host: string): ClusterError {
  return new ClusterError(
    'forbidden',
    `This server is not called "${host.slice(0, 100)}". If it is, add the name to allowedHosts.`,
  );
}

function strangeOrigin(origin: string): ClusterError {
  return new ClusterError(
    'forbidden',
    `Pages of "${origin.slice(0, 100)}" may not use this server. If they may, add that to allowedOrigins.`,
  );
}

/** A proxy in front may look at another one than we do. */
function hasTwoHosts({ rawHeaders }: FastifyRequest['raw']): boolean {
  const first = rawHeaders.findIndex(isHostName);
  return first !== -1 && rawHeaders.findLastIndex(isHostName) !== first;
}

/** Of a list in which names and values take turns. */
function isHostName(text: string, index: number): boolean {
  return index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host';
}
