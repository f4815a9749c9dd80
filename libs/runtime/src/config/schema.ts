import { hostname } from 'node:os';
import { z } from 'zod';
import { cacheFolder, dataFolder } from '../folders/index.ts';
import { aliases } from './alias-types.ts';
import { nodes } from './cluster-types.ts';
import { routes } from './route-types.ts';
import {
  bytes,
  count,
  fromJson,
  hostName,
  list,
  logLevel,
  milliseconds,
  network,
  nodeName,
  number,
  orchestratorAddress,
  origin,
  pageAddress,
  port,
  seconds,
  serverAddress,
  text,
  truth,
  wholeNumber,
} from './types.ts';

/** What is known of a setting besides its type, default and description. */
interface Traits {
  /** It can change while the program runs: whoever uses it reads it anew each time. */
  readonly reloadable?: boolean;
  /** Never shown. */
  readonly secret?: boolean;
  /** Default that depends on the machine. */
  readonly usual?: (env: NodeJS.ProcessEnv) => string;
  /** Shown in the example file where there is no default. */
  readonly example?: string;
}

export const traits = z.registry<Traits>();

const live = { reloadable: true };

function setting<T extends z.ZodType>(type: T, description: string, about: Traits = {}): T {
  const described = type.describe(description);
  traits.add(described, about);
  return described;
}

const tls = fromJson(
  z.union([z.enum(['off', 'auto']), z.strictObject({ cert: text, key: text })], {
    error: 'use off, auto, or cert and key, each the name of a PEM file',
  }),
);

const server = z.strictObject({
  host: setting(hostName.default('127.0.0.1'), 'Address to listen on. Wider than this machine, keys are demanded.'),
  port: setting(port.default(3001), 'Where clients come. 0: any free port.'),
  grpcPort: setting(port.default(50_051), 'Where agents come. 0: any free port.'),
  queueSize: setting(count.default(100), 'Most requests that wait for a node.', live),
  concurrency: setting(count.default(20), 'Most calls in flight over the whole cluster.', live),
  readTimeout: setting(seconds.default(30), 'Seconds to receive a request.'),
  writeTimeout: setting(seconds.default(30), 'Seconds for which a client may take nothing of its answer.'),
  tls: setting(tls.default('off'), "off, auto (the cluster's own authority), or {cert, key}: names of PEM files."),
  trustProxy: setting(list(network).default([]), 'Reverse proxies: addresses whose forwarded headers are believed.'),
  allowedHosts: setting(
    list(text).default([]),
    "Names that clients may reach this server by, besides this machine's.",
    live,
  ),
  allowedOrigins: setting(list(origin).default([]), 'Web pages that may call this server, by origin.', live),
  fetchUrls: setting(
    list(pageAddress).default([]),
    'Pages that conversations may fetch, by the beginning of their URL; none: nothing is fetched.',
    live,
  ),
  fetchImages: setting(
    z.enum(['public', 'any', 'off']).default('public'),
    'Where images that a chat names by URL are fetched from: the public internet, any network, or nowhere (off).',
    live,
  ),
  advertise: setting(hostName.optional(), 'Host name for the line that other machines join by.', {
    reloadable: true,
    example: 'gpu0.example.org',
  }),
  joinTokenFile: setting(text.optional(), 'File that a join token is kept in, for agents that can read it.', {
    example: '/run/tutti/join-token',
  }),
  metricsKeyFile: setting(text.optional(), 'File that a key for reading metrics is kept in, for Prometheus.', {
    example: '/run/tutti/metrics-key',
  }),
  autoPull: setting(
    truth.default(false),
    'Whether a model that no node has is pulled to the best node while whoever asked for it waits.',
    live,
  ),
  prewarm: setting(
    z.enum(['off', 'idle']).default('off'),
    'idle: nodes without calls load wanted models ahead, into free memory only. off: nothing is loaded unasked.',
    live,
  ),
  discovery: setting(truth.default(false), 'Whether agents in the same network can find this server by mDNS.'),
  shutdownGraceMs: setting(
    milliseconds.default(120_000),
    'Milliseconds for running requests to end once the program has been told to stop.',
  ),
  keepaliveMs: setting(milliseconds.default(10_000), 'Milliseconds between two pings to an agent.'),
  keepaliveTimeoutMs: setting(milliseconds.default(5_000), 'Milliseconds for an agent to answer a ping.'),
  runLeaseMs: setting(
    number(300, 600_000).default(15_000),
    'Milliseconds without a sign of life after which another orchestrator takes over a run.',
  ),
});

const policy = z.enum(['auto', 'ask', 'deny']).default('auto');

const tools = z.strictObject({
  calculator: setting(policy, 'calculator: computes an expression.', live),
  currentTime: setting(policy, 'current_time: tells date and time.', live),
  fetchUrl: setting(policy, 'fetch_url: fetches a page of server.fetchUrls.', live),
  askMs: setting(
    milliseconds.default(600_000),
    'Milliseconds that a person has to allow a use; after that the turn goes on without it.',
    live,
  ),
});

const hedging = z.strictObject({
  enabled: setting(
    truth.default(false),
    'Whether a second node is asked, if it has the model in memory and a free slot.',
  ),
  afterMs: setting(
    milliseconds.default(2_000),
    'Milliseconds after which an answer that has not begun is late, if such calls do not usually take longer.',
  ),
  budget: setting(number(0.001, 1).default(0.02), 'Most second calls, as a part of all interactive ones.'),
});

const cache = z.strictObject({
  enabled: setting(truth.default(true), 'Whether answers that a model would repeat are given again.', live),
  maxBytes: setting(bytes.default(64 * 2 ** 20), 'Most bytes of answers that are kept in memory.', live),
  ttlMs: setting(
    number(1_000, 30 * 86_400_000).default(3_600_000),
    'Milliseconds after which an answer is not given again, at most 30 days.',
    live,
  ),
  persist: setting(
    truth.default(false),
    'Whether the store keeps answers too, over restarts and for all orchestrators. It then holds their text.',
    live,
  ),
});

const mongodb = z.strictObject({
  uri: setting(text.optional(), 'Connection string. Set, it replaces the embedded store.', {
    secret: true,
    example: 'mongodb://tutti:${env:MONGO_PASSWORD}@mongo:27017',
  }),
  database: setting(text.default('tutti'), 'Name of the database.'),
});

const logging = z.strictObject({
  level: setting(logLevel.default('info'), 'error, warn, info or debug.', live),
  file: setting(z.string().default(''), "A log file besides the store, for example server.log. '': none."),
  retentionDays: setting(wholeNumber(1, 3_650).default(14), 'Days that log lines are kept in the store.'),
  prompts: setting(truth.default(false), 'Whether prompts and answers are logged.', live),
});

const agent = z.strictObject({
  host: setting(
    hostName.optional(),
    'Address to listen on for orchestrators. Left out: every address in a cluster that was joined, else 127.0.0.1.',
    { example: '127.0.0.1' },
  ),
  port: setting(port.default(3000), 'Where orchestrators come. 0: any free port.'),
  name: setting(nodeName, 'Name of this node for people. Left out: the name of the machine.', {
    usual: plainHostname,
    example: 'gpu0',
  }),
  orchestrators: setting(
    list(orchestratorAddress).default([]),
    'Orchestrators to register with: host:port. Left out: those of the cluster that was joined, else the one here.',
  ),
  join: setting(orchestratorAddress.optional(), 'Orchestrator to join with a token: host or host:port.', {
    example: '192.168.1.10:50051',
  }),
  token: setting(text.optional(), 'Token to join with.', { secret: true, example: '${env:JOIN_TOKEN}' }),
  tokenFile: setting(text.optional(), 'File that holds the token; it is read when the agent joins.', {
    example: '/run/secrets/join-token',
  }),
  metricsKeyFile: setting(text.optional(), 'File with the key that other machines must show to read metrics.', {
    example: '/run/tutti/metrics-key',
  }),
  backend: setting(
    z.enum(['auto', 'ollama', 'openai', 'anthropic', 'embedded', 'echo']).default('ollama'),
    'What answers. auto: Ollama, else the embedded engine, else the echo. openai, anthropic: a server with that API.',
  ),
  llamaBaseUrl: setting(text.optional(), 'Address of Ollama; /api at its end is dropped.', {
    example: 'http://127.0.0.1:11434',
  }),
  ollamaHost: setting(text.optional(), 'The same as Ollama itself reads it. llamaBaseUrl comes first.', {
    example: '127.0.0.1:11434',
  }),
  ollamaModels: setting(
    text.optional(),
    "Folder of Ollama's models, for copies to other nodes. Left out: its default, if it is on this machine.",
    { example: '/var/lib/ollama/models' },
  ),
  openaiBaseUrl: setting(serverAddress.optional(), 'Address of the server for the backend openai.', {
    example: 'http://127.0.0.1:8080/v1',
  }),
  openaiApiKey: setting(text.optional(), 'Key for that server.', { secret: true, example: '${env:OPENAI_API_KEY}' }),
  anthropicBaseUrl: setting(serverAddress.optional(), 'Address of the server for the backend anthropic.', {
    example: 'https://api.anthropic.com',
  }),
  anthropicApiKey: setting(text.optional(), 'Key for that server.', {
    secret: true,
    example: '${env:ANTHROPIC_API_KEY}',
  }),
  models: setting(list(text).optional(), 'Models that such a server offers. Left out: all that it lists.', {
    example: '[qwen3-8b]',
  }),
  slots: setting(
    count.optional(),
    'Most calls at a time on one of them. Left out: what it tells, else what is usual.',
    {
      example: '4',
    },
  ),
  trust: setting(
    z.enum(['local', 'cluster', 'cloud']).optional(),
    'How far text that goes to such a server travels. Left out: cloud, if its address is on the internet.',
    { example: 'cluster' },
  ),
  strict: setting(truth.default(false), "Whether it refuses fields that its API's maker has no name for."),
  modelFile: setting(text.optional(), 'A GGUF file for the embedded engine.', { example: 'model.gguf' }),
  modelName: setting(text.default('default:latest'), 'Name of that file for clients.'),
  threads: setting(count.optional(), 'Threads of the embedded engine. Left out: it chooses.', { example: '4' }),
  queueConcurrency: setting(count.default(5), 'Most calls at a time on this node.'),
  ollamaNumParallel: setting(count.default(1), 'Most calls at a time on one model.'),
  modelMemory: setting(
    bytes.optional(),
    "Memory that models may take. Left out: that of the GPUs, else three quarters of the machine's.",
    { example: '8GB' },
  ),
  ollamaMaxLoadedModels: setting(
    wholeNumber(0, 1_000).default(0),
    'Most models in memory at a time, for Ollama. 0: three for each GPU, as it has it itself.',
  ),
  shutdownGraceMs: setting(
    milliseconds.default(120_000),
    'Milliseconds for running calls to end once the program has been told to stop.',
  ),
  keepaliveMs: setting(milliseconds.default(10_000), 'Milliseconds between two pings to an orchestrator.'),
  keepaliveTimeoutMs: setting(milliseconds.default(5_000), 'Milliseconds for an orchestrator to answer a ping.'),
});

/** The file. A section is an object of settings; everything else is a setting. */
export const schema = z.strictObject({
  server: server.describe('The orchestrator.'),
  hedging: hedging.describe('What is done when the answer to a call of class interactive is late.'),
  mongodb: mongodb.describe('The store of a cluster. Without it, a file in the data folder is the store.'),
  cache: cache.describe('Answers that are given again, to the key that got them, while the model is the same.'),
  logging: logging.describe('The log of both programs.'),
  agent: agent.describe('The agent of this machine.'),
  tools: tools.describe('What conversations may use: auto (at once), ask (once a person has allowed it), or deny.'),
  dataFolder: setting(text, 'Folder for what must last. The agent keeps its part in the folder agent in it.', {
    usual: dataFolder,
    example: '/var/lib/tutti',
  }),
  cacheFolder: setting(text, 'Folder for what can be fetched again, such as models.', {
    usual: cacheFolder,
    example: '/var/cache/tutti',
  }),
  nodes: setting(
    nodes.default([]),
    'Machines that are known without joining, and what is said of those that join.',
    live,
  ),
  routes: setting(
    routes.default([]),
    'Which calls go to which nodes: the first route that matches counts. None: by predicted time.',
    live,
  ),
  aliases: setting(
    aliases.default({}),
    'Names that stand for a model; * in one stands for any letters. A model that is there keeps its own name.',
    live,
  ),
});

/** Every setting, as it is in force. */
export type ConfigValues = z.output<typeof schema>;

/** What a host is called may be anything; a node's name goes into headers and logs. */
function plainHostname(): string {
  return (
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64) || 'node'
  );
}
