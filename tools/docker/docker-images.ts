import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCommand } from '../ollama/run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const standIn = fileURLToPath(new URL('stand-in.sh', import.meta.url));

/** Images that ours stand on or stand beside. */
const others = {
  node: 'node:24-bookworm-slim',
  mongo: 'mongo:8',
  ollama: 'ollama/ollama:latest',
};

/** Gets an image: it is there, or can be pulled, or a stand-in is made of what this machine has. Throws Unavailable. */
export async function needImage(name: keyof typeof others): Promise<void> {
  const image = others[name];
  const succeeds = (...args: string[]): Promise<boolean> =>
    runCommand('docker', args).then(
      () => true,
      () => false,
    );
  if (await succeeds('image', 'inspect', image)) return;
  if (await succeeds('pull', '--quiet', image)) return;
  await runCommand(standIn, [name]);
}

/**
 * Builds one of our images under the tag `test`; rejects with the builder's last words. The build shares the network of this machine: a daemon
 * may give it none of its own.
 */
export async function buildImage(app: 'orchestrator' | 'agent'): Promise<void> {
  const tag = ['--tag', `tutti-${app}:test`];
  const args = ['--network', 'host', '--file', `${root}/docker/Dockerfile`, '--build-arg', `APP=${app}`, ...tag];
  try {
    await promisify(execFile)('docker', ['build', ...args, root], { maxBuffer: 64 * 1024 * 1024 });
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string };
    const words = (stdout + stderr).split('\n').slice(-20).join('\n');
    throw new Error(`tutti-${app} cannot be built:\n${words}`, { cause });
  }
}
