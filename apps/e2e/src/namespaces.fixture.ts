import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Machines of their own, as far as the network goes: each has one address, and they reach each other and nothing else. */
export interface Namespaces {
  readonly hosts: readonly Host[];
  remove(): Promise<void>;
}

export interface Host {
  /** Name of its network namespace. */
  readonly namespace: string;
  readonly address: string;
  /** Runs a program on it; resolves with what it wrote to stdout, rejects if it fails. */
  run(program: string, ...args: readonly string[]): Promise<string>;
}

/** Makes namespaces that hang on one bridge, itself in another; `skipped` says what the machine lacks for that. */
export async function makeNamespaces(count: number): Promise<Namespaces | { readonly skipped: string }> {
  if (process.getuid?.() !== 0) return { skipped: 'network namespaces need root' };
  const made: string[] = [];
  const add = async (part: string): Promise<string> => {
    const name = `tutti-${process.pid}-${part}`;
    await ip('netns', 'add', name);
    made.push(name);
    return name;
  };
  const remove = async (): Promise<void> => {
    for (const name of made.splice(0)) await ip('netns', 'delete', name);
  };
  try {
    const hub = await add('hub');
    await ip('-n', hub, 'link', 'add', 'bridge', 'type', 'bridge');
    await ip('-n', hub, 'link', 'set', 'bridge', 'up');
    const hosts: Host[] = [];
    for (let number = 1; number <= count; number++) hosts.push(await addHost(hub, await add(`${number}`), number));
    return { hosts, remove };
  } catch (error) {
    await remove();
    return { skipped: `network namespaces cannot be made: ${(error as Error).message.trim()}` };
  }
}

async function addHost(hub: string, namespace: string, number: number): Promise<Host> {
  const address = `10.231.0.${number}`;
  const port = `port${number}`;
  await ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await ip('-n', hub, 'link', 'set', port, 'master', 'bridge', 'up');
  await ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  return {
    namespace,
    address,
    run: async (program, ...args) => (await run('ip', ['netns', 'exec', namespace, program, ...args])).stdout,
  };
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', args);
}
