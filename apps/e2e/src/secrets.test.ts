import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { echoModel, jsonBody, startExposedCluster, type Asked, type ExposedCluster } from './exposed-cluster.ts';
import { eventually, stopAll, temporaryFolder, type Agent } from './processes.ts';

/** What nobody may find, by what it is. */
const secrets = new Map<string, string>();
/** Where it is looked for, by what it is. */
const places = new Map<string, string>();

const password = 'canary-password-of-mongodb';
const prompt = 'canary-words-of-a-prompt';
const strangeKey = `tutti_00000000_${'canary'.repeat(7)}x`;

let cluster: ExposedCluster;

/** A whole session: joining, keys, right and wrong requests, a node that crashes, a node that is removed. */
beforeAll(async () => {
  const logFile = join(await temporaryFolder(), 'server.log');
  cluster = await startExposedCluster(['--logging-file', logFile, '--logging-level', 'debug']);
  const folders = [await temporaryFolder(), await temporaryFolder()];
  const invitation = await cluster.invite({ uses: 3 });
  const agents: Agent[] = [];
  for (const [index, folder] of folders.entries()) {
    const args = index === 0 ? [] : ['--mongodb-uri', `mongodb://tutti:${password}@127.0.0.1:1/`];
    agents.push(await cluster.join({ name: `box${index}`, folder, token: invitation.secret, args }));
  }
  await cluster.ready('box0', 'box1');
  const key = await cluster.json<{ secret: string }>('/api/keys', jsonBody({ name: 'phone', role: 'user' }));
  await collectSecrets(folders, [cluster.adminKey, key.secret, strangeKey], invitation.secret);

  // Right and wrong.
  const { url } = cluster.orchestrator;
  const chat = { ...jsonBody({ model: echoModel, messages: [{ role: 'user', content: prompt }] }) };
  const answers = new Map<string, string>();
  const send = async (what: string, path: string, init: Asked): Promise<void> => {
    const response = await fetch(url + path, init);
    const headers = JSON.stringify([...response.headers]);
    answers.set(what, headers + (await response.text()));
  };
  const as = (shown: string, body: Asked = {}) => ({ ...body, headers: { ...body.headers, 'x-api-key': shown } });
  await send('a user that may not', '/api/tokens', as(key.secret, jsonBody({})));
  await send('a wrong key', '/api/chat', as(strangeKey, chat));
  await send('a key in the path', `/api/nodes/${key.secret}`, as(cluster.adminKey));
  await send('a key that is a path', `/${cluster.adminKey}`, as(cluster.adminKey));
  await send('a key in the query', `/api/tags?key=${key.secret}`, as(key.secret));
  // Whoever sends it is told what there is no model of; nobody else.
  await fetch(`${url}/api/chat`, as(key.secret, jsonBody({ model: key.secret, messages: [] })));
  await send('broken JSON', '/api/keys', { ...as(cluster.adminKey, jsonBody(0)), body: `{"name":"${password}` });
  await cluster.ask('/api/chat', chat);
  await cluster
    .join({ name: 'x', token: strangeKey })
    .catch((error: Error) => answers.set('a join by a key', error.message));
  await cluster
    .join({ name: 'x', token: invitation.secret.slice(0, 90) })
    .catch((error: Error) => answers.set('a join by half a token', error.message));
  agents[1]!.kill('SIGKILL');
  await cluster.ready('box0');
  await cluster.json('/api/nodes/box1', { method: 'DELETE' });
  await agents[1]!.exited;

  await eventually(
    async () => (await (await cluster.ask('/api/logs')).text()).includes('node removed'),
    'the lines stored',
  );
  for (const [what, text] of answers) places.set(`the answer to ${what}`, text);
  places.set('the log of the orchestrator', cluster.orchestrator.log());
  for (const [index, agent] of agents.entries()) places.set(`the log of box${index}`, agent.log());
  places.set('the log file', await readFile(logFile, 'utf8'));
  for (const file of (await readdir(cluster.folder)).filter((name) => name.startsWith('tutti.db'))) {
    places.set(file, await readFile(join(cluster.folder, file), 'latin1'));
  }
  const { paths } = await cluster.json<{ paths: Record<string, object> }>('/openapi.json');
  const readable = Object.keys(paths).filter((path) => 'get' in paths[path]! && !path.includes('{'));
  for (const path of [...readable, '/metrics', '/api/nodes/box0', '/api/logs?pageSize=1000']) {
    places.set(path, await (await cluster.ask(path)).text());
  }
});

afterAll(stopAll);

async function collectSecrets(folders: readonly string[], keys: readonly string[], token: string): Promise<void> {
  const files = [
    join(cluster.folder, 'key-secret'),
    join(cluster.folder, 'pki', 'authority.pem'),
    ...folders.map((folder) => join(folder, 'agent', 'pki', 'node.key')),
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const [, privateKey] = /PRIVATE KEY-----\s+([^-]+)-----END/.exec(text) ?? [];
    // The first line of a key is the same for all of its kind.
    secrets.set(file, privateKey?.split('\n')[1] ?? text.trim());
  }
  for (const key of keys) secrets.set(key, key.split('_').slice(2).join('_'));
  secrets.set('the join token', token.split('.')[2]!);
  secrets.set('the password', password);
  secrets.set('the prompt', prompt);
}

it('no secret is found anywhere', () => {
  expect(secrets.size).toBe(10);
  expect(places.size).toBeGreaterThan(25);
  for (const secret of secrets.values()) expect(secret.length).toBeGreaterThan(20);
  const found = [...places].flatMap(([place, text]) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([what]) => `${what} in ${place}`),
  );
  expect(found).toEqual([]);
});

it('every place was one where something could be found', () => {
  for (const [place, text] of places) expect([place, text.length > 1]).toEqual([place, true]);
  expect(places.get('the log file')).toContain('node joined');
  expect(places.get('/api/logs?pageSize=1000')).toContain('node joined');
});
