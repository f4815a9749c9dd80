import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommand, Unavailable } from '../ollama/run-command.ts';

/** Works without a right to change the machine's firewall, and opens ports to this machine only. */
const flags = [
  ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
  ...['--userland-proxy=true', '--ip=127.0.0.1'],
];
/** Network of the daemon, which it leaves behind. */
const bridge = 'docker0';
const longestStartMs = 20_000;

/**
 * Sees to it that a Docker daemon answers: the one that is there, else one that is started for as long as it is needed.
 * It has a folder of its own, which goes with it. Throws Unavailable.
 */
export async function needDockerDaemon(): Promise<{ stop(): Promise<void> }> {
  await runCommand('docker', ['--version']);
  if (await answers()) return { stop: async () => {} };
  if (process.env.DOCKER_HOST) throw new Unavailable('the Docker daemon that DOCKER_HOST names does not answer');
  if (process.getuid?.() !== 0) throw new Unavailable('no Docker daemon runs, and only root can start one');
  await runCommand('dockerd', ['--version']);
  if (await isAnotherRunning()) throw new Unavailable('the Docker daemon of this machine does not answer');
  return startDaemon();
}

/** A second one would change the network of the first. */
async function isAnotherRunning(): Promise<boolean> {
  const pid = Number(await readFile('/var/run/docker.pid', 'utf8').catch(() => ''));
  return pid > 0 && existsSync(`/proc/${pid}`);
}

async function startDaemon(): Promise<{ stop(): Promise<void> }> {
  const hadBridge = existsSync(`/sys/class/net/${bridge}`);
  const folder = await mkdtemp(join(tmpdir(), 'tutti-docker-'));
  const host = `unix://${join(folder, 'docker.sock')}`;
  const own = ['--host', host, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const daemon = spawn('dockerd', [...own, '--pidfile', join(folder, 'pid'), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  daemon.stderr.on('data', (bytes: Buffer) => (complaint = bytes.toString('utf8').trim().split('\n').at(-1) ?? ''));
  const exited = once(daemon, 'exit');
  process.env.DOCKER_HOST = host;
  // Inside a container, testcontainers would look for the daemon's ports elsewhere.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1';
  const stop = async (): Promise<void> => {
    delete process.env.DOCKER_HOST;
    delete process.env.TESTCONTAINERS_HOST_OVERRIDE;
    daemon.kill('SIGTERM');
    await exited;
    await unmountBelow(folder);
    if (!hadBridge && existsSync(`/sys/class/net/${bridge}`)) await runCommand('ip', ['link', 'del', bridge]);
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + longestStartMs;
  while (!(await answers())) {
    if (daemon.exitCode === null && performance.now() < deadline) {
      await pause(100);
      continue;
    }
    await stop();
    throw new Unavailable(`dockerd does not start: ${complaint}`);
  }
  return { stop };
}

async function answers(): Promise<boolean> {
  return runCommand('docker', ['version']).then(
    () => true,
    () => false,
  );
}

/** The daemon leaves the namespaces of its networks mounted. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const points = mounts.split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((path) => path.startsWith(`${folder}/`)).toReversed()) {
    await runCommand('umount', ['--lazy', point]);
  }
}
