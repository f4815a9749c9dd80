import type { Socket } from 'node:net';
import type { Clock } from '@tutti/core';

/** Connections that have not proven who they are. They may be few, and none may idle. */
export interface Strangers {
  /** Takes one in; if there are too many, the oldest idle one has to go, or else this one. */
  add(socket: Socket): void;
  /** Forgets one: it has proven itself, or is gone. */
  remove(socket: Socket): void;
  /** Notes that it does something that strangers may do; the returned function notes the end of that. */
  begin(socket: Socket): () => void;
}

interface Stranger {
  running: number;
  stopTimer: () => void;
}

interface StrangersOptions {
  readonly clock: Clock;
  readonly limit: number;
  readonly idleMs: number;
}

export function createStrangers({ clock, limit, idleMs }: StrangersOptions): Strangers {
  const strangers = new Map<Socket, Stranger>();

  const closeWhenIdle = (socket: Socket): (() => void) => clock.after(idleMs, () => socket.destroy());
  const idleOne = (): Socket | undefined => {
    for (const [socket, { running }] of strangers) if (running === 0) return socket;
    return undefined;
  };
  const oldest = (): Socket => strangers.keys().next().value!;
  const remove = (socket: Socket): void => {
    strangers.get(socket)?.stopTimer();
    strangers.delete(socket);
  };

  return {
    add(socket) {
      if (strangers.size >= limit) {
        const victim = idleOne() ?? oldest();
        remove(victim);
        victim.destroy();
      }
      strangers.set(socket, { running: 0, stopTimer: closeWhenIdle(socket) });
    },
    remove,
    begin(socket) {
      const stranger = strangers.get(socket);
      if (!stranger) return () => {};
      stranger.running++;
      stranger.stopTimer();
      return () => {
        stranger.running--;
        if (stranger.running === 0 && strangers.has(socket)) stranger.stopTimer = closeWhenIdle(socket);
      };
    },
  };
}
