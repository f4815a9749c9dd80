import { X509Certificate } from 'node:crypto';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { span } from '../output/format.ts';
import { existingFolder } from './existing-folder.ts';
import { broken, ok, warning, type Finding, type Patient } from './finding.ts';

/** An agent renews its certificate long before. */
const soonMs = 7 * 24 * 60 * 60_000;

/** Of the agent as a program of its own, and of the one that `tutti up` runs. */
const agentFolders = ['agent', join('up', 'agent')];

const secrets = [
  'admin-key',
  'key-secret',
  'tutti.db',
  join('pki', 'authority.pem'),
  ...agentFolders.map((folder) => join(folder, 'pki', 'node.key')),
];

const certificates = [join('pki', 'authority.pem'), ...agentFolders.map((folder) => join(folder, 'pki', 'node.pem'))];

export async function checkDataFolder({ settings }: Patient): Promise<Finding | undefined> {
  if (settings instanceof Error) return undefined;
  const { dataFolder } = settings;
  const folder = await existingFolder(dataFolder);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return ok('data folder', folder === dataFolder ? dataFolder : `${dataFolder}, which will be made`);
  } catch {
    const fix = `Make it yours: sudo chown -R "$USER" "${folder}", or set dataFolder to another.`;
    return broken('data folder', `${folder} cannot be written`, fix);
  }
}

/** What others on this machine could read is no secret. */
export async function checkSecretFiles({ settings }: Patient): Promise<Finding | undefined> {
  if (settings instanceof Error || process.platform === 'win32') return undefined;
  const files = secrets.map((name) => join(settings.dataFolder, name));
  const modes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mode }) => mode,
        () => 0,
      ),
    ),
  );
  const open = files.filter((_, i) => (modes[i]! & 0o077) !== 0);
  const present = modes.filter((mode) => mode !== 0).length;
  if (present === 0) return undefined;
  if (open.length === 0) return ok('secret files', `${present}, for their owner only`);
  return broken(
    'secret files',
    `others can read ${open.join(', ')}`,
    `chmod 600 ${open.map((file) => `"${file}"`).join(' ')}`,
  );
}

export async function checkCertificates({ settings }: Patient): Promise<Finding | undefined> {
  if (settings instanceof Error) return undefined;
  const ends = await Promise.all(certificates.map((name) => endOf(join(settings.dataFolder, name))));
  const known = ends.filter((end) => end !== undefined);
  if (known.length === 0) return undefined;
  const leftMs = Math.min(...known) - Date.now();
  const fix = 'Start the agent: it renews by itself. If its certificate has expired, join with a new token.';
  if (leftMs <= 0) return broken('certificates', `one expired ${span(-leftMs)} ago`, fix);
  if (leftMs < soonMs) return warning('certificates', `one ends in ${span(leftMs)}`, fix);
  return ok('certificates', `the first ends in ${span(leftMs)}`);
}

/** When the first certificate in a file ends, in ms since 1970. Undefined: there is none to read. */
async function endOf(file: string): Promise<number | undefined> {
  try {
    return new X509Certificate(firstCertificate(await readFile(file, 'utf8'))).validToDate.getTime();
  } catch {
    return undefined;
  }
}

function firstCertificate(pem: string): string {
  return /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '';
}
