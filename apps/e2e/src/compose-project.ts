import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What the network of a build must be where a daemon gives it none of its own; JSON is YAML. */
const override = {
  services: { orchestrator: { build: { network: 'host' } }, agent: { build: { network: 'host' } } },
};

/** The stack of docker-compose.yml under a name of its own. */
export interface ComposeProject {
  /** Runs compose to its end; gives what it printed. */
  compose(...args: string[]): Promise<string>;
  /** Runs docker on the container of a service. */
  docker(args: readonly string[], service: string): Promise<string>;
  /** Runs a program in a container. */
  exec(service: string, ...command: string[]): Promise<string>;
  /** "host:port" of a published port; it changes when the container starts anew. */
  address(service: string, port: number): Promise<string>;
  /** Forgets a service's container and the volume that is named like it. */
  forget(service: string): Promise<void>;
  /** Takes the containers down, with all that they have kept. */
  remove(): Promise<void>;
}

/** `env` is what a user would put into .env. Ports are free ones of this machine only. */
export async function composeProject(env: Readonly<Record<string, string>>): Promise<ComposeProject> {
  const name = `tutti${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'tutti-compose-'));
  const overrideFile = join(folder, 'override.yml');
  await writeFile(overrideFile, JSON.stringify(override));
  const program = await composeProgram();
  const ports = { TUTTI_PORT: '127.0.0.1:', TUTTI_GRPC_PORT: '127.0.0.1:' };
  const options = {
    cwd: root,
    env: { ...process.env, COMPOSE_PROJECT_NAME: name, ...ports, ...env },
    maxBuffer: 64 * 1024 * 1024,
  };
  const files = ['-f', 'docker-compose.yml', '-f', overrideFile];
  const compose = async (...args: string[]): Promise<string> => {
    const [file = '', ...first] = program;
    return (await run(file, [...first, ...files, ...args], options)).stdout.trim();
  };
  return {
    compose,
    async docker(args, service) {
      const container = await compose('ps', '-a', '-q', service);
      return (await run('docker', [...args, container])).stdout.trim();
    },
    exec: (service, ...command) => compose('exec', '-T', service, ...command),
    address: (service, port) => compose('port', service, String(port)),
    async forget(service) {
      await compose('rm', '--stop', '--force', service);
      await run('docker', ['volume', 'rm', `${name}_${service}`]);
    },
    async remove() {
      await compose('down', '--volumes', '--timeout', '5');
      await rm(folder, { recursive: true });
    },
  };
}

/** The plugin of Docker, or the program that was before it. */
async function composeProgram(): Promise<string[]> {
  return run('docker', ['compose', 'version']).then(
    () => ['docker', 'compose'],
    () => ['docker-compose'],
  );
}
