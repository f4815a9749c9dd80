import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFolder } from './config-folder.fixture.ts';

describe('settings come', () => {
  it('from flag before TUTTI_* before other variables before file before default', () => {
    const { load } = configFolder({ 'tutti.yaml': 'server:\n  port: 1\n' });
    const port = (args: string[], env: NodeJS.ProcessEnv) => {
      const { current, origins } = load(args, env);
      return [current.server.port, origins['server.port']?.origin];
    };
    const both = { PORT: '2', TUTTI_SERVER_PORT: '3' };
    expect(port(['--port', '4'], both)).toEqual([4, 'flag --port']);
    expect(port([], both)).toEqual([3, 'env TUTTI_SERVER_PORT']);
    expect(port([], { PORT: '2' })).toEqual([2, 'env PORT']);
    expect(port([], { PORT: '', TUTTI_SERVER_PORT: '' })).toEqual([1, 'file tutti.yaml:2:9']);
    expect(configFolder().load().origins['server.port']).toEqual({ value: 3001, origin: 'default', reloadable: false });
  });

  it("with an agent's PORT as its own, and the other variables that are known", () => {
    const { load } = configFolder();
    const env = {
      PORT: '3100',
      MONGODB_URI: 'mongodb://a',
      LLAMA_BASE_URL: 'http://a/api',
      OLLAMA_HOST: 'b',
      QUEUE_CONCURRENCY: '7',
      OLLAMA_NUM_PARALLEL: '2',
      OLLAMA_MAX_LOADED_MODELS: '4',
      MODEL_MEMORY: '8GB',
      NODE_ENV: 'production',
    };
    const { agent, server, mongodb } = load([], env, 'agent').current;
    expect(agent).toMatchObject({
      port: 3100,
      llamaBaseUrl: 'http://a/api',
      ollamaHost: 'b',
      queueConcurrency: 7,
      ollamaNumParallel: 2,
      ollamaMaxLoadedModels: 4,
      modelMemory: 8 * 2 ** 30,
    });
    expect([server.port, mongodb.uri]).toEqual([3001, 'mongodb://a']);
    // They are the agent's: what is wrong with them does not keep the orchestrator from starting.
    expect(load([], { ...env, QUEUE_CONCURRENCY: 'many' }).current.server.port).toBe(3100);
  });

  it.each([
    ['1000', 1_000],
    ['1.5KB', 1_536],
    ['512 MiB', 2 ** 29],
    ['2t', 2 ** 41],
  ])('in units of memory: %s', (text, bytes) => {
    expect(configFolder().load(['--model-memory', text], {}, 'agent').current.agent.modelMemory).toBe(bytes);
  });

  it.each([
    ['orchestrator', ['port', 'grpc-port', 'queue-size', 'keepalive-ms', 'keepalive-timeout-ms', 'shutdown-grace-ms']],
    ['agent', ['port', 'threads', 'queue-concurrency', 'ollama-num-parallel', 'keepalive-ms', 'shutdown-grace-ms']],
    ['agent', ['name', 'host', 'llama-base-url', 'ollama-host', 'model-file', 'model-name', 'mongodb-uri']],
    ['agent', ['data-folder', 'cache-folder', 'mongodb-database', 'logging-file', 'server-port']],
  ] as const)('from the flags of the %s: %j', (program, flags) => {
    const { origins } = configFolder().load(
      flags.map((flag) => `--${flag}=17`),
      {},
      program,
    );
    const found = Object.values(origins).map(({ origin }) => origin);
    expect(found.filter((origin) => origin !== 'default').toSorted()).toEqual(
      flags.map((flag) => `flag --${flag}`).toSorted(),
    );
  });

  it('with defaults of the machine', () => {
    const { dataFolder, cacheFolder, agent } = configFolder().load([], {
      XDG_DATA_HOME: '/d',
      XDG_CACHE_HOME: '/c',
    }).current;
    expect([dataFolder, cacheFolder]).toEqual([join('/d', 'tutti'), join('/c', 'tutti')]);
    expect(agent.name).toMatch(/^[\w.-]{1,64}$/);
  });

  it('as lists, mappings and switches from text', () => {
    const { load } = configFolder();
    const { server, nodes, agent } = load(['--discovery', '--trust-proxy', '10.0.0.1, ::1'], {
      TUTTI_SERVER_TLS: '{"cert":"c.pem","key":"k.pem"}',
      TUTTI_NODES: '[{"name":"a"}]',
      TUTTI_AGENT_ORCHESTRATORS: '["a","[::1]:5"]',
    }).current;
    expect(server).toMatchObject({
      discovery: true,
      trustProxy: ['10.0.0.1', '::1'],
      tls: { cert: 'c.pem', key: 'k.pem' },
    });
    expect(nodes).toEqual([{ name: 'a', kind: 'agent' }]);
    expect(agent.orchestrators).toEqual(['a:50051', '[::1]:5']);
    expect(load(['--no-discovery'], { TUTTI_SERVER_DISCOVERY: '1' }).current.server.discovery).toBe(false);
  });

  it('from a file with everything in it', () => {
    const text = `
server: { host: 0.0.0.0, port: '4001', tls: auto, allowedOrigins: ['*', 'app://obsidian.md'] }
mongodb: { uri: 'mongodb://u:\${env:PASSWORD}@h/', database: d }
logging: { level: debug, retentionDays: \${env:DAYS} }
agent:
  join: gpu0
  backend: echo
nodes:
  - &first { name: a, kind: ollama, host: h, port: 11434, type: gpu, platform: jetson, capabilities: [vision], tier: 1 }
  - { <<: *first, name: b, weight: 0.5, labels: { rack: '7' }, trust: cloud }
routes: []
`;
    const env = { PASSWORD: 'secret', DAYS: '3' };
    const { current } = configFolder({ 'tutti.yaml': text.replace('${env:DAYS}', "'${env:DAYS}'") }).load([], env);
    expect(current.server).toMatchObject({ host: '0.0.0.0', port: 4001, tls: 'auto' });
    expect(current.mongodb).toEqual({ uri: 'mongodb://u:secret@h/', database: 'd' });
    expect(current.logging).toMatchObject({ level: 'debug', retentionDays: 3 });
    expect(current.agent).toMatchObject({ join: 'gpu0:50051', backend: 'echo' });
    expect(current.nodes[1]).toMatchObject({ name: 'b', host: 'h', port: 11434, weight: 0.5, trust: 'cloud' });
  });

  it.each(['', '# nothing\n', 'server:\nmongodb:\n  uri:\n', '{}', '---\n', '\uFEFFserver:\n  port: 3001\n'])(
    'as defaults from a file that says nothing: %j',
    (text) => {
      const { current } = configFolder({ 'tutti.yaml': text }).load();
      expect([current.server.port, current.mongodb.uri]).toEqual([3001, undefined]);
    },
  );
});

describe('a secret', () => {
  it('may stand in a file', () => {
    const { load, write } = configFolder();
    const file = write('uri', 'mongodb://canary\n');
    for (const name of ['TUTTI_MONGODB_URI_FILE', 'MONGODB_URI_FILE']) {
      const { current, origins } = load([], { [name]: file });
      expect(current.mongodb.uri).toBe('mongodb://canary');
      expect(origins['mongodb.uri']).toEqual({ value: '***', origin: `env ${name}`, reloadable: false });
    }
    expect(() => load([], { TUTTI_MONGODB_URI_FILE: `${file}x` })).toThrow(
      'The file of TUTTI_MONGODB_URI_FILE cannot be read (ENOENT).',
    );
    expect(() => load([], { MONGODB_URI_FILE: file, MONGODB_URI: 'mongodb://canary' })).toThrow(
      'Both MONGODB_URI and MONGODB_URI_FILE are set. Remove one.',
    );
  });

  it('of the agent is a file that nobody reads before it is wanted', () => {
    const { agent } = configFolder().load([], { TUTTI_AGENT_TOKEN_FILE: '/nowhere' }, 'agent').current;
    expect(agent).toMatchObject({ tokenFile: '/nowhere' });
    expect(agent.token).toBeUndefined();
  });

  it('is never shown', () => {
    const { load } = configFolder({ 'tutti.yaml': 'agent: { token: canary, llamaBaseUrl: "http://u:canary@h/" }' });
    const { origins } = load(['--mongodb-uri', 'mongodb://canary']);
    expect(JSON.stringify(origins)).not.toContain('canary');
    expect(origins['agent.token']?.value).toBe('***');
    expect(configFolder().load().origins['agent.token']?.value).toBeNull();
  });

  it('is not shown inside a list either', () => {
    const { load } = configFolder({
      'tutti.yaml': "nodes: [{name: a, kind: openai, url: 'http://h/v1', apiKey: '${env:KEY}', labels: {k: v}}]",
    });
    const { current, origins } = load([], { KEY: 'sk-1' });
    expect(current.nodes[0]?.apiKey).toBe('sk-1');
    expect(origins['nodes']?.value).toEqual([
      { name: 'a', kind: 'openai', url: 'http://h/v1', apiKey: '***', labels: { k: 'v' } },
    ]);
  });
});

describe('the file', () => {
  const at = (port: number): string => `server: { port: ${port} }`;

  it('is the named one, else that of the working folder, else the user’s', () => {
    const { load, write, cwd } = configFolder({ 'home/tutti/config.yaml': at(4) });
    expect(load().current.server.port).toBe(4);
    expect(load().file).toBe(join(cwd, 'home', 'tutti', 'config.yaml'));
    write('config.yaml', at(3));
    expect(load().current.server.port).toBe(3);
    write('other.json', '{"server": {"port": 2}}');
    expect(load([], { TUTTI_CONFIG: 'other.json' }).origins['server.port']?.origin).toBe('file other.json:1:21');
    write('first.yaml', at(1));
    expect(load(['--config', 'first.yaml'], { TUTTI_CONFIG: 'other.json' }).current.server.port).toBe(1);
    expect(configFolder().load().file).toBeUndefined();
  });

  it('is not chosen from two in one folder', () => {
    const { load } = configFolder({ 'tutti.yaml': '', 'config.yaml': '' });
    expect(() => load()).toThrow('Both tutti.yaml and config.yaml are there. Remove one');
    expect(load(['--config', 'config.yaml']).file).toMatch(/config\.yaml$/);
  });

  it('must be there if it is named', () => {
    const { load, cwd } = configFolder();
    expect(() => load(['--config', 'no.yaml'])).toThrow('no.yaml cannot be read (ENOENT).');
    expect(() => load([], { TUTTI_CONFIG: cwd })).toThrow(`${cwd} cannot be read (EISDIR).`);
  });
});

describe('reload', () => {
  it('applies what can change, and tells what needs a restart', () => {
    const { load, write } = configFolder({ 'tutti.yaml': 'server: { port: 1, queueSize: 1 }' });
    const config = load(['--log-level', 'error']);
    const heard: unknown[] = [];
    const stop = config.onChange((paths) => heard.push([paths, config.current.server.queueSize]));
    write('tutti.yaml', 'logging: { level: debug }\nserver:\n  port: 2\n  queueSize: 2\nnodes: [{ name: a }]');
    expect(config.reload()).toEqual({ changed: ['server.queueSize', 'nodes'], needsRestart: ['server.port'] });
    expect(heard).toEqual([[['server.queueSize', 'nodes'], 2]]);
    expect(config.current.server).toMatchObject({ port: 1, queueSize: 2 });
    expect(config.current.logging.level).toBe('error');
    expect(config.origins['server.port']).toMatchObject({ value: 1, origin: 'file tutti.yaml:1:17' });
    expect(config.origins['server.queueSize']).toMatchObject({ value: 2, origin: 'file tutti.yaml:4:14' });
    expect(config.reload()).toEqual({ changed: [], needsRestart: ['server.port'] });
    stop();
    write('tutti.yaml', '');
    expect(config.reload().changed).toEqual(['server.queueSize', 'nodes']);
    expect(heard).toHaveLength(1);
  });

  it('changes nothing if the file has an error, or is gone', () => {
    const { load, write } = configFolder({ 'tutti.yaml': 'server: { queueSize: 1 }' });
    const config = load();
    const before = JSON.stringify(config.origins);
    const file = write('tutti.yaml', 'server: { queueSize: 2, port: x }');
    expect(() => config.reload()).toThrow('tutti.yaml:1:31: server.port is "x"');
    rmSync(file);
    expect(() => config.reload()).toThrow('tutti.yaml cannot be read (ENOENT).');
    expect(JSON.stringify(config.origins)).toBe(before);
  });

  it('finds a file that was not there', () => {
    const { load, write } = configFolder();
    const config = load();
    write('config.yaml', 'server: { queueSize: 2 }');
    expect(config.reload().changed).toEqual(['server.queueSize']);
    expect(config.file).toMatch(/config\.yaml$/);
  });
});

describe('patch', () => {
  it('comes before every other source, also after a reload, until it is taken back', () => {
    const { load, write } = configFolder({ 'tutti.yaml': 'server: { queueSize: 1 }' });
    const config = load(['--queue-size', '2']);
    expect(config.patch({ server: { queueSize: 3, concurrency: 4 } })).toEqual({
      changed: ['server.queueSize', 'server.concurrency'],
    });
    expect(config.origins['server.queueSize']).toEqual({ value: 3, origin: 'api', reloadable: true });
    write('tutti.yaml', 'server: { concurrency: 9 }');
    expect(config.reload().changed).toEqual([]);
    expect(config.patch({ server: { queueSize: null } }).changed).toEqual(['server.queueSize']);
    expect(config.current.server).toMatchObject({ queueSize: 2, concurrency: 4 });
  });

  it.each([
    [{ server: { port: 5 } }, 'failed_precondition', 'server.port needs a restart to change'],
    [{ server: { queueSize: 5, port: null } }, 'failed_precondition', 'server.port needs a restart to change'],
    [{ server: { queueSise: 5 } }, 'invalid_request', 'unknown key "queueSise" in server. Did you mean queueSize?'],
    [{ server: { queueSize: 5, concurrency: 0 } }, 'invalid_request', 'server.concurrency is 0: use a whole number'],
    [{ server: 5 }, 'invalid_request', 'server is a single value: use a mapping'],
    [[], 'invalid_request', 'the configuration is a list: use a mapping'],
    [JSON.parse('{"__proto__": {"polluted": true}}'), 'invalid_request', 'unknown key "__proto__"'],
  ])('refuses %j and changes nothing', (changes: unknown, reason, message) => {
    const config = configFolder().load();
    expect(() => config.patch(changes)).toThrow(
      expect.objectContaining({ reason, message: expect.stringContaining(message) }),
    );
    expect(config.current.server.queueSize).toBe(100);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('does not look into the environment', () => {
    const config = configFolder().load([], { SECRET: 'canary' });
    config.patch({ server: { allowedHosts: ['${env:SECRET}'] } });
    expect(config.current.server.allowedHosts).toEqual(['${env:SECRET}']);
  });
});
