import { allowedHost } from './allowed-host.ts';
import { answerPs, answerShow, answerTags } from './catalogue.ts';
import { answerCreate } from './create.ts';
import { answerEmbed, answerEmbeddings } from './embed.ts';
import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';
import { answerChat, answerGenerate } from './inference.ts';
import { answerCopy, answerDelete, answerPull, answerPush } from './library.ts';
import type { ServerState } from './server-state.ts';

type Handler = (state: ServerState, exchange: Exchange, strike: Strike | undefined) => void | Promise<void>;

const root: Handler = (_, exchange) => exchange.send(200, 'text/plain; charset=utf-8', 'Ollama is running');
const version: Handler = (state, exchange) => exchange.json(200, goJson({ version: state.version }));

/** Methods in the order in which a 405 lists them. */
const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/': { HEAD: root, GET: root },
  '/api/version': { HEAD: version, GET: version },
  '/api/tags': { HEAD: answerTags, GET: answerTags },
  '/api/ps': { GET: answerPs },
  '/api/show': { POST: answerShow },
  '/api/chat': { POST: answerChat },
  '/api/generate': { POST: answerGenerate },
  '/api/embed': { POST: answerEmbed },
  '/api/embeddings': { POST: answerEmbeddings },
  '/api/pull': { POST: (state, exchange) => answerPull(state, exchange) },
  '/api/push': { POST: (state, exchange) => answerPush(state, exchange) },
  '/api/create': { POST: (state, exchange) => answerCreate(state, exchange) },
  '/api/copy': { POST: (state, exchange) => answerCopy(state, exchange) },
  '/api/delete': { DELETE: (state, exchange) => answerDelete(state, exchange) },
};

/** Finds the handler for a request; foreign hosts, unknown paths and wrong methods are answered here, as Ollama does. */
export function route(state: ServerState, exchange: Exchange, strike: Strike | undefined): void | Promise<void> {
  if (!allowedHost(exchange.host)) return exchange.status(403);
  const methods = Object.hasOwn(routes, exchange.path) ? routes[exchange.path] : undefined;
  if (!methods) return exchange.send(404, 'text/plain', '404 page not found');
  const handler = methods[exchange.method];
  if (handler) return handler(state, exchange, strike);
  exchange.send(405, 'text/plain', '405 method not allowed', { Allow: Object.keys(methods).join(', ') });
}
