import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ClusterError } from '@tutti/core';
import { isLoopback, loadConfig, type ConfigValues } from '@tutti/runtime/config';
import { createClient, type Client } from './client.ts';

/** Where the orchestrator is and how to be let in, as the command line says it. What is left out is found. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/**
 * A client for the orchestrator that is meant: the one named, else that of this machine, where its own folder has the
 * key. That key is never sent to another machine.
 */
export async function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<Client> {
  const named = options.url ?? (env.TUTTI_URL || undefined);
  const settings = named === undefined ? localSettings(env) : localSettingsIfAny(named, env);
  const url = named === undefined ? localUrl(settings!) : withScheme(named);
  if (url.startsWith('https:')) await trust(options.caFile ?? (env.TUTTI_CA || undefined), settings?.dataFolder);
  return createClient({ url, key: await findKey(options.keyFile, env, settings?.dataFolder) });
}

/** A client for the orchestrator that has these settings, on this machine; `key` absent: its own folder has it. */
export async function connectLocally(settings: ConfigValues, key?: string): Promise<Client> {
  const url = localUrl(settings);
  if (url.startsWith('https:')) await trust(undefined, settings.dataFolder);
  return createClient({ url, key: key ?? (await readAdminKey(settings.dataFolder)) });
}

/** The settings of the orchestrator of this machine. */
export function localSettings(env: NodeJS.ProcessEnv): ConfigValues {
  return loadConfig({ program: 'orchestrator', args: [], env, cwd: process.cwd() }).current;
}

/** A name that leads to this machine; its settings are a help, not a need. */
function localSettingsIfAny(url: string, env: NodeJS.ProcessEnv): ConfigValues | undefined {
  if (!isLoopback(new URL(withScheme(url)).hostname.replaceAll(/[[\]]/g, ''))) return undefined;
  try {
    return localSettings(env);
  } catch {
    return undefined;
  }
}

const everywhere = new Set(['0.0.0.0', '::']);

/** Where clients of this machine find the orchestrator that has these settings. */
function localUrl({ server: { host, port, tls } }: ConfigValues): string {
  const name = everywhere.has(host) || isLoopback(host) ? '127.0.0.1' : host;
  return `${tls === 'off' ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function withScheme(url: string): string {
  const whole = /^https?:\/\//.test(url) ? url : `http://${url}`;
  if (!URL.canParse(whole)) {
    throw new ClusterError('invalid_request', `"${url}" is no address. Use one such as http://192.168.1.10:3001.`);
  }
  return whole.replace(/\/+$/, '');
}

async function findKey(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  dataFolder: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) return (await readNamed(file, '--key-file')).trim();
  if (env.TUTTI_KEY) return env.TUTTI_KEY;
  return dataFolder === undefined ? undefined : readAdminKey(dataFolder);
}

/** The file in which an orchestrator keeps its first admin key. */
export function adminKeyFile(dataFolder: string): string {
  return join(dataFolder, 'admin-key');
}

/** Undefined: there is none, or it is not for us. */
export async function readAdminKey(dataFolder: string): Promise<string | undefined> {
  const text = await readFile(adminKeyFile(dataFolder), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

/** Makes HTTPS trust the authority in the file, or else the cluster's own if this machine has it. */
async function trust(file: string | undefined, dataFolder: string | undefined): Promise<void> {
  const text = file === undefined ? await readAuthority(dataFolder) : await readNamed(file, '--ca-file');
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length > 0) setDefaultCACertificates([...getCACertificates(), ...certificates]);
}

async function readAuthority(dataFolder: string | undefined): Promise<string> {
  if (dataFolder === undefined) return '';
  return readFile(join(dataFolder, 'pki', 'authority.pem'), 'utf8').catch(() => '');
}

async function readNamed(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ClusterError('invalid_request', `${option} ${file} cannot be read (${code}).`, { cause });
  }
}
