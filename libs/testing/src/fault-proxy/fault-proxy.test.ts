import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '@tutti/simulation';
import { virtualClock } from '../virtual-clock.ts';
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy.ts';
import { faultSchedule, type TcpFault } from './faults.ts';

/** A proxy before a server that sends back what it gets. */
async function startEcho(options: Partial<FaultProxyOptions> = {}, sockets = new Set<Socket>()): Promise<FaultProxy> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startFaultProxy({
    target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    ...options,
  });
  onTestFinished(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return proxy;
}

interface Client {
  readonly socket: Socket;
  /** All that has come. */
  received(): string;
  /** Resolves when so much has come. */
  receives(text: string): Promise<void>;
  /** How the connection ended: an error's code, or "end". */
  readonly outcome: Promise<string>;
}

function dial(proxy: FaultProxy): Client {
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  const received = (): string => Buffer.concat(pieces).toString('latin1');
  socket.on('data', (piece) => pieces.push(piece));
  const outcome = new Promise<string>((resolve) => {
    socket.on('end', () => resolve('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('close', () => resolve('closed'));
  });
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    received,
    async receives(text) {
      while (received() !== text) await once(socket, 'data');
    },
    outcome,
  };
}

describe('a fault proxy', () => {
  it('passes bytes and ends in both directions', async () => {
    const proxy = await startEcho();
    const client = dial(proxy);
    client.socket.end('hello');
    expect(await client.outcome).toBe('end');
    expect(client.received()).toBe('hello');
    await proxy.whenClosed();
    expect(proxy.open).toBe(0);
  });

  it('passes a large answer to a slow reader', async () => {
    const proxy = await startEcho();
    const client = dial(proxy);
    client.socket.end(Buffer.alloc(4_000_000, 'x'));
    expect(await client.outcome).toBe('end');
    expect(client.received()).toHaveLength(4_000_000);
  });

  it('refuses new connections, keeps those open, and takes new ones again', async () => {
    const proxy = await startEcho();
    const before = dial(proxy);
    await proxy.whenOpened();
    await proxy.set({ kind: 'refuse' });
    expect(await dial(proxy).outcome).toBe('ECONNREFUSED');
    before.socket.write('still here');
    await before.receives('still here');
    await proxy.set(undefined);
    const after = dial(proxy);
    after.socket.write('back');
    await after.receives('back');
  });

  it('resets connections, those open and new ones', async () => {
    const proxy = await startEcho();
    const before = dial(proxy);
    before.socket.write('hello');
    await before.receives('hello');
    await proxy.set({ kind: 'reset' });
    expect(await before.outcome).toBe('ECONNRESET');
    expect(await dial(proxy).outcome).toBe('ECONNRESET');
  });

  it('stalls: accepts, passes nothing, and everything once it is over', async () => {
    const proxy = await startEcho();
    await proxy.set({ kind: 'stall' });
    const client = dial(proxy);
    client.socket.end('hello');
    await proxy.whenOpened();
    await aMoment();
    expect(client.received()).toBe('');
    await proxy.set(undefined);
    expect(await client.outcome).toBe('end');
    expect(client.received()).toBe('hello');
  });

  it('delays by a latency and a rate', async () => {
    const clock = virtualClock();
    const proxy = await startEcho({ clock });
    await proxy.set({ kind: 'slow', latencyMs: 100, bytesPerSecond: 100 });
    const client = dial(proxy);
    client.socket.write('x'.repeat(50));
    await expect.poll(() => clock.pending, { timeout: 15_000 }).toBe(1);
    await clock.advance(99);
    expect(client.received()).toBe('');
    await advanceUntil(clock, () => client.received().length === 50);
    // There: 100 ms and ten slices of 50 ms. Back, at least: 100 ms and the last slice.
    expect(clock.now()).toBeGreaterThanOrEqual(100 + 500 + 100 + 50);
  });

  it('half-open: the target is gone, and the client hears nothing of it, not even later', async () => {
    const atTarget = new Set<Socket>();
    const proxy = await startEcho({}, atTarget);
    const client = dial(proxy);
    client.socket.write('one');
    await client.receives('one');
    await proxy.set({ kind: 'half-open' });
    const after = dial(proxy);
    await proxy.whenOpened(2);
    await expect.poll(() => atTarget.size, { timeout: 15_000 }).toBe(0);
    await proxy.set(undefined);
    for (const { socket } of [client, after]) socket.write('two');
    await aMoment();
    expect([client.received(), after.received()]).toEqual(['one', '']);
    expect(proxy.open).toBe(2);
    client.socket.destroy();
    await proxy.whenClosed();
  });

  it('cuts an answer after so many bytes', async () => {
    const proxy = await startEcho();
    await proxy.set({ kind: 'truncate', afterBytes: 3 });
    const client = dial(proxy);
    client.socket.write('hello');
    expect(await client.outcome).toBe('end');
    expect(client.received()).toBe('hel');
  });

  it('flips one bit, the same for the same seed', async () => {
    const seen = async (seed: number): Promise<string> => {
      const proxy = await startEcho({ seed });
      await proxy.set({ kind: 'corrupt' });
      const client = dial(proxy);
      client.socket.end('hello');
      await client.outcome;
      return client.received();
    };
    const [first, again, other] = [await seen(1), await seen(1), await seen(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(bitsThatDiffer(first, 'hello')).toBe(1);
  });

  it('resets a client whose target is not there', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
    onTestFinished(() => proxy.close());
    expect(await dial(proxy).outcome).toBe('ECONNRESET');
  });
});

describe('a schedule of faults', () => {
  const faults: TcpFault[] = [{ kind: 'reset' }, { kind: 'stall' }, { kind: 'refuse' }];

  it('is the same for the same seed, alternates with calm, and ends calm in time', () => {
    const make = (seed: number) => faultSchedule(seededRandom(seed), { faults, durationMs: 60_000, meanMs: 1000 });
    expect(make(7)).toEqual(make(7));
    expect(make(7)).not.toEqual(make(8));
    for (let seed = 0; seed < 100; seed++) {
      const schedule = make(seed);
      expect(schedule.length, `seed ${seed}`).toBeGreaterThan(20);
      for (const [index, { atMs, fault }] of schedule.entries()) {
        expect(fault === undefined, `seed ${seed}`).toBe(index % 2 === 1);
        expect(atMs, `seed ${seed}`).toBeGreaterThan(schedule[index - 1]?.atMs ?? 0);
        expect(atMs, `seed ${seed}`).toBeLessThanOrEqual(60_000);
      }
      expect(schedule.at(-1)?.fault, `seed ${seed}`).toBeUndefined();
    }
  });

  it('is played in time', async () => {
    const clock = virtualClock();
    const proxy = await startEcho({ clock });
    const played = proxy.play(
      [
        { atMs: 100, fault: { kind: 'reset' } },
        { atMs: 200, fault: undefined },
      ],
      new AbortController().signal,
    );
    await clock.advance(150);
    expect(await dial(proxy).outcome).toBe('ECONNRESET');
    await clock.advance(50);
    await played;
    const client = dial(proxy);
    client.socket.write('calm');
    await client.receives('calm');
  });
});

/** Time enough for bytes on loopback, where a test shows that nothing comes: it can only pass wrongly, never fail so. */
async function aMoment(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

async function advanceUntil(clock: ReturnType<typeof virtualClock>, done: () => boolean): Promise<void> {
  while (!done()) await clock.advance(10);
}

function bitsThatDiffer(left: string, right: string): number {
  const bits = (text: string): string =>
    Array.from(text, (letter) => letter.charCodeAt(0).toString(2).padStart(8, '0')).join('');
  const other = bits(right);
  return Array.from(bits(left)).filter((bit, index) => bit !== other[index]).length;
}
