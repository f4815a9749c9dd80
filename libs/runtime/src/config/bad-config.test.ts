import { ClusterError } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { configFolder } from './config-folder.fixture.ts';
import { initialConfig } from './initial-config.ts';

const bomb = Array.from({ length: 9 }, (_, i) => {
  const below = i === 0 ? 'x' : `*a${i - 1}`;
  return `a${i}: &a${i} [${Array(9).fill(below).join(', ')}]`;
}).join('\n');

const mergeBomb = Array.from({ length: 9 }, (_, i) =>
  i === 0
    ? 'a0: &a0 {k: v}'
    : `a${i}: &a${i}\n  <<: [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
).join('\n');

describe('a file with a mistake names its place and what is allowed:', () => {
  it.each([
    ['server:\n  prot: 1', '2:3', 'unknown key "prot" in server. Did you mean port?'],
    ['sever:\n  port: 1', '1:1', 'unknown key "sever". Did you mean server?'],
    ['port: 1', '1:1', 'unknown key "port". Did you mean server.port?'],
    ['server: { level: info }', '1:11', 'unknown key "level" in server. Did you mean logging.level?'],
    ['completely: 1', '1:1', 'unknown key "completely". Known: server, hedging, mongodb'],
    ['nodes:\n  - name: a\n    wieght: 1', '3:5', 'unknown key "wieght" in nodes[0]. Did you mean weight?'],
    ['nodes: [{nmae: a, prot: 1}]', '1:19', 'unknown key "prot" in nodes[0]. Did you mean port?'],
    ['dataFolder: ${env:constructor}', '1:13', 'the environment has no constructor'],
    ['server:\n  port: x', '2:9', 'server.port is "x": use a whole number from 0 to 65535.'],
    ['server: { port: 70000 }', '1:17', 'server.port is 70000: use a whole number from 0 to 65535.'],
    ['server: { port: 1.5 }', '1:17', 'server.port is 1.5: use a whole number'],
    ['server: { port: .inf }', '1:17', 'server.port is Infinity: use a whole number'],
    ['server: { port: true }', '1:17', 'server.port is true: use a whole number'],
    ['server: { port: [1] }', '1:17', 'server.port is a list: use a whole number'],
    ['server: { readTimeout: 1e99 }', '1:24', 'server.readTimeout is 1e+99: use a number from 0.1 to 2147483.'],
    ['server: { host: "http://a" }', '1:17', 'server.host is "http://a": use an address or a host name'],
    ['server: { discovery: yes }', '1:22', 'server.discovery is "yes": use true or false.'],
    ['server: { tls: maybe }', '1:16', 'server.tls is "maybe": use off, auto, or cert and key'],
    ['server: { tls: { cert: a } }', '1:16', 'server.tls is a mapping: use off, auto, or cert and key'],
    [
      'server: { trustProxy: [10.0.0.0/33] }',
      '1:24',
      'server.trustProxy[0] is "10.0.0.0/33": use an address or a range',
    ],
    ['server: { allowedOrigins: a.example }', '1:27', 'server.allowedOrigins[0] is "a.example": use scheme://host'],
    ['server: { fetchUrls: [a.example] }', '1:23', 'server.fetchUrls[0] is "a.example": use http:// or https://'],
    ['logging: { level: loud }', '1:19', 'logging.level is "loud": use one of: error, warn, info, debug.'],
    ['logging: { file: 5 }', '1:18', 'logging.file is 5: use a text.'],
    ['dataFolder: ""', '1:13', 'dataFolder is "": use a text that is not empty.'],
    ['agent: { name: "a b" }', '1:16', 'agent.name is "a b": use up to 64 letters'],
    ['agent: { orchestrators: "http://a:1" }', '1:25', 'agent.orchestrators[0] is "http://a:1": use host or host:port'],
    [
      'agent: { backend: gpt }',
      '1:19',
      'agent.backend is "gpt": use one of: auto, ollama, openai, anthropic, embedded, echo.',
    ],
    ['nodes: {}', '1:8', 'nodes is a mapping: use a list.'],
    ['nodes: [{}]', '1:9', 'nodes[0].name is missing: use a text.'],
    [
      'nodes: [{name: a, kind: openai}]',
      '1:9',
      'nodes[0] is a mapping: a node of kind openai or anthropic needs its url, and no other has one.',
    ],
    [
      'nodes: [{name: a, kind: openai, url: "http://h", apiKey: {k: sk-abcdef}}]',
      '1:58',
      'nodes[0].apiKey is ***: use a text.',
    ],
    ['nodes: [{name: a, kind: ollama}]', '1:9', 'nodes[0] is a mapping: a node of kind ollama needs its host.'],
    ['nodes: [{name: a}, {name: a}]', '1:8', 'nodes is a list: use each name once.'],
    ['nodes: [{name: a, labels: {gpu: true}}]', '1:33', 'nodes[0].labels.gpu is true: use a text.'],
    ['nodes: [&a {name: a, tier: -1}, *a]', '1:28', 'nodes[1].tier is -1: use a whole number from 0 to 100.'],
    ['routes: {}', '1:9', 'routes is a mapping: use a list.'],
    ['routes: [{}]', '1:10', 'routes[0].match is missing: use a text.'],
    [
      'routes: [{match: "*", policy: wieghted}]',
      '1:31',
      'routes[0].policy is "wieghted": did you mean weighted? use one of: cost, weighted, round-robin, least-busy, tier, primary-fallback.',
    ],
    ['routes: [{match: "*", policy: 3}]', '1:31', 'routes[0].policy is 3: use one of: cost, weighted'],
    ['routes: [{match: "*", policy: weighted}]', '1:10', 'routes[0] is a mapping: the policy weighted needs weights'],
    [
      'routes: [{match: a, policy: weighted, weights: {a: 0}}]',
      '1:10',
      'routes[0] is a mapping: the policy weighted needs weights, one of them over 0.',
    ],
    [
      'routes: [{match: a, policy: weighted, weights: {a: -1}}]',
      '1:52',
      'routes[0].weights.a is -1: use a number from 0 to',
    ],
    [
      'routes: [{match: a, policy: weighted, weights: {a: .inf}}]',
      '1:52',
      'routes[0].weights.a is Infinity: use a number from',
    ],
    [
      'routes: [{match: a, policy: weighted, weights: {a: .nan}}]',
      '1:52',
      'routes[0].weights.a is NaN: use a number from 0 to',
    ],
    ['routes: [{match: a, weights: {a: 1}}]', '1:10', 'routes[0] is a mapping: weights go with the policy weighted.'],
    [
      'routes: [{match: a, policy: primary-fallback}]',
      '1:10',
      'routes[0] is a mapping: the policy primary-fallback needs its primary.',
    ],
    [
      'routes: [{match: a, fallback: [b]}]',
      '1:10',
      'routes[0] is a mapping: primary and fallback go with the policy primary-fallback.',
    ],
    ['routes: [{match: a, temperature: 2}]', '1:34', 'routes[0].temperature is 2: use a number from 0 to 1.'],
    ['routes: [{match: a, requires: [1]}]', '1:32', 'routes[0].requires[0] is 1: use a text.'],
    ['routes: [{march: chat}]', '1:11', 'unknown key "march" in routes[0]. Did you mean match?'],
    ['- server', '1:1', 'the configuration is a list: use a mapping.'],
    ['hello', '1:1', 'the configuration is a single value: use a mapping.'],
    ['server: 3001', '1:9', 'server is a single value: use a mapping.'],
    ['server: [1', '1:11', 'this is no YAML'],
    ['server:\n\tport: 1', '2:1', 'this is no YAML: Tabs'],
    ['server: {}\nserver: {}', '2:1', 'this key stands here for the second time'],
    ['server: {}\n---\nserver: {}', '2:1', 'a second document begins here; use one only'],
    ['? [a]\n: 1', '1:3', 'this is no YAML'],
    ['dataFolder: !secret x', '1:13', 'this is no YAML: Unresolved tag'],
    ['__proto__: { polluted: true }', '1:1', 'the key __proto__ is not allowed'],
    ['nodes: [{name: a, labels: {__proto__: {a: b}}}]', '1:28', 'the key __proto__ is not allowed'],
    ['dataFolder: ${env:NOWHERE}', '1:13', 'the environment has no NOWHERE'],
    ['server: &a\n  host: *a', '2:9', 'server.host is a mapping: use'],
  ])('%j', (text, place, message) => {
    const { load } = configFolder({ 'tutti.yaml': text });
    const thrown = catching(() => load());
    expect(thrown.reason).toBe('invalid_request');
    expect(thrown.message.split('\n')).toContainEqual(expect.stringContaining(`tutti.yaml:${place}: ${message}`));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ['aliases of aliases', bomb, 'tutti.yaml: aliases repeat too much: use at most 100.'],
    ['merges of merges', mergeBomb, 'tutti.yaml: aliases repeat too much: use at most 100.'],
    ['20,000 levels', '['.repeat(20_000), 'this is nested too deep'],
    ['an alias of nothing', 'dataFolder: *x', 'tutti.yaml: an alias (*name) has no anchor (&name) before it.'],
    ['1 MiB and more', '#'.repeat(2 ** 20 + 1), 'tutti.yaml has 1048577 bytes: at most 1048576 are read.'],
  ])('%s', (_, text, message) => {
    const { load } = configFolder({ 'tutti.yaml': text });
    expect(catching(() => load()).message).toContain(message);
  });

  it('not UTF-8', () => {
    const { load, write } = configFolder();
    write('tutti.yaml', Buffer.from([0x61, 0xff]));
    expect(() => load()).toThrow('tutti.yaml is not UTF-8 text.');
  });
});

describe('flags and variables with a mistake are named', () => {
  it.each([
    [['--port', 'x'], {}, '--port is "x": use a whole number from 0 to 65535.'],
    [['--port', '70000'], {}, '--port is "70000"'],
    [['--port=-1'], {}, '--port is "-1"'],
    [['--port', ''], {}, '--port needs a value: write --port=VALUE.'],
    [['--port'], {}, '--port needs a value: write --port=VALUE.'],
    [['--port', '--host', 'a'], {}, '--port needs a value: write --port=VALUE.'],
    [['--prot', '1'], {}, 'Unknown flag --prot. Did you mean --port?'],
    [['-p', '1'], {}, 'Unknown flag -p.'],
    [['--confg', 'x'], {}, 'Unknown flag --confg. Did you mean --config?'],
    [['--discovery=perhaps'], {}, '--discovery is "perhaps": use true or false.'],
    [['--nodes', '[{"nam":"a"}]'], {}, 'unknown key "nam" in --nodes[0]. Did you mean name?'],
    [['--nodes', '[{"name":5}]'], {}, '--nodes[0].name is 5: use a text.'],
    [['--nodes', '[{'], {}, '--nodes is "[{": use a list.'],
    [['3001'], {}, 'Argument 1 belongs to no flag.'],
    [[], { TUTTI_SERVER_PORT: 'x' }, 'TUTTI_SERVER_PORT is "x": use a whole number'],
    [[], { PORT: 'tcp://10.0.0.1:80' }, 'PORT is "tcp://10.0.0.1:80": use a whole number'],
    [[], { TUTTI_SERVER_PROT: '1' }, 'Unknown variable TUTTI_SERVER_PROT. Did you mean TUTTI_SERVER_PORT?'],
  ])('%j %j', (args, env, message) => {
    expect(catching(() => configFolder().load(args, env)).message).toContain(message);
  });

  it('all at once, each once', () => {
    const { load } = configFolder({ 'tutti.yaml': 'server:\n  port: x\n  prot: 1\nfoo: 1' });
    const { message } = catching(() => load(['--hots', 'a', '--queue-size', '0'], { TUTTI_SERVER_PORT: 'y' }));
    expect(message.split('\n')).toEqual([
      '6 mistakes in the configuration:',
      'Unknown flag --hots. Did you mean --host?',
      '--queue-size is "0": use a whole number from 1 to 100000.',
      'TUTTI_SERVER_PORT is "y": use a whole number from 0 to 65535.',
      expect.stringContaining('tutti.yaml:4:1: unknown key "foo".'),
      'tutti.yaml:3:3: unknown key "prot" in server. Did you mean port?',
      'tutti.yaml:2:9: server.port is "x": use a whole number from 0 to 65535.',
    ]);
  });

  it('but variables of others are let alone', () => {
    expect(() => configFolder().load([], { TUTTI_TAG: '1', TUTTI_SERVER_SERVICE_HOST: '10.0.0.1' })).not.toThrow();
  });
});

describe('no mistake shows a secret', () => {
  const uri = 'mongodb://user:canary@host/';
  it.each([
    [`mongodb: ${uri}`, []],
    [`mongodb: [${uri}]`, []],
    [`mongodb: { uri: [${uri}] }`, []],
    [`mongodb: { uri: ${uri}: x }`, []],
    [`mongodb:\n  uri: ${uri}\n bad`, []],
    [`server: { port: "${uri}" }`, []],
    ['server: { port: "${env:SECRET}" }', []],
    ['server: { port: "x${env:SECRET}" }', []],
    ['agent: { token: [canary] }', []],
    ['agent: { token: 0x4711 }', []],
    [`agent: { "${uri}": x }`, []],
    ['', ['--token', 'a', 'canary']],
    ['', ['--agent-token', 'a', 'canary']],
    ['', ['--agent-tokne', 'canary']],
  ])('%j %j', (text, args) => {
    const { load } = configFolder({ 'tutti.yaml': text });
    expect(catching(() => load(args, { SECRET: 'canary' })).message).not.toMatch(/canary|4711|18193/);
  });
});

it('a file that is cut off or spoilt anywhere loads or is refused in words', () => {
  const { load, write } = configFolder();
  const text = initialConfig().replaceAll(/^( *)#(?=\w+: )/gm, '$1');
  const env = { MONGO_PASSWORD: 'a', JOIN_TOKEN: 'b' };
  for (let i = 0; i < text.length; i += 37) {
    for (const spoilt of [
      text.slice(0, i),
      ...[':', '\t', '[', '&a ', '\0'].map((s) => text.slice(0, i) + s + text.slice(i)),
    ]) {
      write('tutti.yaml', spoilt);
      try {
        load([], env);
      } catch (error) {
        if (!(error instanceof ClusterError) || error.reason !== 'invalid_request')
          throw new Error(spoilt, { cause: error });
      }
    }
  }
});

function catching(act: () => unknown): ClusterError {
  try {
    act();
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
