// Exits 0 if the program of this container serves: an orchestrator by /livez, an agent by /health. Certificates are
// checked. Ports and server.tls are known here from the environment only: what a file sets of them must be set there too.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';

const { env } = process;
const dataFolder = env.TUTTI_DATA_FOLDER || '/data';
const limitMs = 3_000;

/** Resolves if the answer is 200. */
function ask(get, options) {
  return new Promise((resolve, reject) => {
    const request = get({ agent: false, ...options }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`it answers ${response.statusCode}`));
    });
    request.on('error', reject);
  });
}

/** Where a program that listens on `host` can be reached from here. */
function here(host) {
  return !host || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** The certificates among PEM texts, in their order. */
function certificatesIn(pem) {
  return pem.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];
}

async function askOrchestrator() {
  const tls = env.TUTTI_SERVER_TLS || 'off';
  const port = env.TUTTI_SERVER_PORT || env.PORT || 3001;
  const at = { host: here(env.TUTTI_SERVER_HOST), port, path: '/livez' };
  if (tls === 'off') return ask(getPlain, at);
  if (tls === 'auto') {
    const ca = certificatesIn(await readFile(`${dataFolder}/pki/authority.pem`, 'utf8'));
    return ask(getSecure, { ...at, ca, servername: 'localhost' });
  }
  // A certificate of the outside names another host. It is the right one if it is the one in the file.
  const ca = certificatesIn(await readFile(JSON.parse(tls).cert, 'utf8'));
  return ask(getSecure, { ...at, ca, allowPartialTrustChain: true, checkServerIdentity: only(ca[0]) });
}

async function askAgent() {
  const port = env.TUTTI_AGENT_PORT || env.PORT || 3000;
  const at = { host: here(env.TUTTI_AGENT_HOST), port, path: '/health' };
  const pem = await readFile(`${dataFolder}/agent/pki/node.pem`, 'utf8').catch(() => '');
  const [own, ...ca] = certificatesIn(pem);
  // Before it has joined a cluster it serves this machine only, without a certificate.
  if (!own) return ask(getPlain, at);
  return ask(getSecure, { ...at, ca, checkServerIdentity: sameNode(own) });
}

function only(pem) {
  const { fingerprint256 } = new X509Certificate(pem);
  return (_, shown) => (shown.fingerprint256 === fingerprint256 ? undefined : new Error('another certificate'));
}

/** It names a node, not a host; a renewed one names the same. */
function sameNode(pem) {
  const { subjectAltName } = new X509Certificate(pem);
  return (_, shown) => (shown.subjectaltname === subjectAltName ? undefined : new Error('another node'));
}

setTimeout(() => fail(new Error(`no answer in ${limitMs} ms`)), limitMs).unref();

function fail({ message }) {
  process.stdout.write(`${message}\n`);
  process.exit(1);
}

await (env.APP === 'agent' ? askAgent() : askOrchestrator()).catch(fail);
