import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pause, type Clock } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { seededRandom } from '@tutti/simulation';
import { createConnection, type Connection } from './connection.ts';
import type { ScheduledFault, TcpFault } from './faults.ts';

export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Chooses which bits are flipped; 1 by default. */
  readonly seed?: number;
  /** What delays are measured with; the machine's time by default. */
  readonly clock?: Clock;
}

/** A TCP proxy on loopback that breaks connections when told to. */
export interface FaultProxy {
  readonly host: string;
  /** The same for as long as the proxy lives, also while it refuses. */
  readonly port: number;
  /** Connections that clients have now. */
  readonly open: number;
  /** From now on this happens to all connections, open and new; undefined: nothing. */
  set(fault: TcpFault | undefined): Promise<void>;
  /** Sets one fault after the other; resolves at the end, or when the signal aborts. */
  play(schedule: readonly ScheduledFault[], signal: AbortSignal): Promise<void>;
  /** Resolves when `count` connections (one by default) have been opened since the start. */
  whenOpened(count?: number): Promise<void>;
  /** Resolves when `count` connections (one by default) have been closed since the start. */
  whenClosed(count?: number): Promise<void>;
  close(): Promise<void>;
}

const host = '127.0.0.1';

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, seed = 1, clock = systemClock } = options;
  const random = seededRandom(seed);
  const connections = new Set<Connection>();
  const counts = { opened: 0, closed: 0 };
  const changes = new EventEmitter().setMaxListeners(0);
  let fault: TcpFault | undefined;

  const accept = (client: Socket): void => {
    const connection = createConnection({ client, target, fault: () => fault, clock, random });
    connections.add(connection);
    count('opened');
    client.on('close', () => {
      connections.delete(connection);
      count('closed');
    });
  };

  function count(what: 'opened' | 'closed'): void {
    counts[what]++;
    changes.emit(what);
  }

  async function when(what: 'opened' | 'closed', least: number): Promise<void> {
    while (counts[what] < least) await once(changes, what);
  }

  let server: Server | undefined = await listen(0, accept);
  const { port } = server.address() as AddressInfo;

  async function set(next: TcpFault | undefined): Promise<void> {
    fault = next;
    for (const connection of connections) connection.strike();
    if (fault?.kind === 'refuse') {
      server?.close();
      server = undefined;
    } else {
      server ??= await listen(port, accept);
    }
  }

  return {
    host,
    port,
    get open() {
      return connections.size;
    },
    set,
    async play(schedule, signal) {
      const startedAt = clock.now();
      for (const { atMs, fault } of schedule) {
        await pause(clock, startedAt + atMs - clock.now(), signal);
        if (signal.aborted) return;
        await set(fault);
      }
    },
    whenOpened: (least = 1) => when('opened', least),
    whenClosed: (least = 1) => when('closed', least),
    async close() {
      server?.close();
      for (const connection of connections) connection.reset();
      await when('closed', counts.opened);
    },
  };
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept);
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
