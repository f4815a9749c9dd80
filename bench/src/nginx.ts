import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endedWithUs, type Port, type Program } from './program.ts';
import { scratchFolder } from './scratch.ts';

/** nginx in front of `backend` (`host:port`), set up as one would for streamed answers; undefined if it is not installed. */
export async function startNginx(backend: string): Promise<Program<Port> | undefined> {
  const folder = await scratchFolder();
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configText({ folder, port, backend }));
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  if (!started) return undefined;
  endedWithUs(child);
  await untilOpen(port);
  return { pid: child.pid!, facts: { port } };
}

interface Config {
  readonly folder: string;
  readonly port: number;
  readonly backend: string;
}

/** One process, so that its cost is read like the others'. */
function configText({ folder, port, backend }: Config): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  ${paths.join('\n  ')}
  keepalive_requests 1000000;
  upstream backend { server ${backend}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffering off;
    }
  }
}
`;
}

/** nginx cannot choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until somebody listens; nginx does not say when it is ready. */
async function untilOpen(port: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await isOpen(port))) {
    if (performance.now() > deadline) throw new Error('nginx does not listen; its own words are above');
    await sleep(20);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
