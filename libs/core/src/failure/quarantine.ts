import { ClusterError } from '../error.ts';
import type { Call } from '../generate.ts';
import { onAbort } from '../signal.ts';
import type { Clock } from '../ports.ts';
import type { Place, Ticket } from '../ticket.ts';
import { fingerprint } from './fingerprint.ts';

/**
 * Remembers calls on which nodes died. After one death a call is a suspect: it and others that were there may be tried
 * again, each apart from the other suspects, so that the next death tells which of them it was. After two it is refused.
 */
export interface Quarantine {
  /** What is held against a call; once for each request. */
  record(call: Call, ticket: Ticket): SuspectRecord;
  /** Resolves when a suspect has left a node, or the signal aborts; at once if none is on any. */
  vacancy(signal: AbortSignal): Promise<void>;
}

/** What is held against one call. */
export interface SuspectRecord {
  /** Throws `poison_request` if two nodes have died on the call, or on one with the same content. */
  check(): void;
  /** The call goes to a node. False: another suspect is being tried there. */
  enter(node: string): boolean;
  /** The call has brought output, or has ended: others may try that node. */
  leave(): void;
  /** A node died on the call. Returns what to end it with if that was one too many. */
  died(node: string): ClusterError | undefined;
  /** The call got its whole answer, so it kills nobody. */
  passed(): void;
}

interface Options {
  readonly clock: Clock;
  /** How long a call is suspected or refused. */
  readonly lastsMs?: number;
}

interface Suspicion {
  readonly nodes: ReadonlySet<string>;
  readonly until: number;
}

const deathsToConvict = 2;
const mostSuspicions = 1_000;
const none: ReadonlySet<string> = new Set();

export function createQuarantine({ clock, lastsMs = 600_000 }: Options): Quarantine {
  /** By fingerprint, the oldest first. */
  const byContent = new Map<string, Suspicion>();
  /** The contents that one request had when nodes died on it: where it is continued, it has another one. */
  const byRequest = new WeakMap<Place, ReadonlySet<string>>();
  /** Where suspects are being tried. */
  const tried = new Map<string, SuspectRecord>();
  const waiters = new Set<() => void>();

  const suspect = (content: string, nodes: ReadonlySet<string>): void => {
    byContent.delete(content);
    byContent.set(content, { nodes, until: clock.now() + lastsMs });
    const [oldest] = byContent.keys();
    if (byContent.size > mostSuspicions) byContent.delete(oldest!);
  };

  const deathsOf = (content: string): ReadonlySet<string> => {
    const found = byContent.get(content);
    if (found && found.until > clock.now()) return found.nodes;
    byContent.delete(content);
    return none;
  };

  const record = (call: Call, { place }: Ticket): SuspectRecord => {
    let content: string | undefined;
    let at: string | undefined;

    const contents = (): ReadonlySet<string> => {
      content ??= fingerprint(call);
      return new Set([content, ...(byRequest.get(place) ?? none)]);
    };

    const deaths = (): ReadonlySet<string> => {
      // Most of the time nobody is suspected, and the call need not be read.
      if (byContent.size === 0) return none;
      return new Set([...contents()].flatMap((one) => [...deathsOf(one)]));
    };

    const own: SuspectRecord = {
      check() {
        const nodes = deaths();
        if (nodes.size >= deathsToConvict) throw poison(nodes, lastsMs);
      },
      enter(node) {
        if (deaths().size === 0) return true;
        if (tried.has(node)) return false;
        tried.set(node, own);
        at = node;
        return true;
      },
      leave() {
        if (at === undefined) return;
        tried.delete(at);
        at = undefined;
        for (const wake of [...waiters]) wake();
      },
      died(node) {
        const nodes = new Set([...deaths(), node]);
        const held = contents();
        byRequest.set(place, held);
        for (const one of held) suspect(one, nodes);
        return nodes.size >= deathsToConvict ? poison(nodes, lastsMs) : undefined;
      },
      passed() {
        if (byContent.size > 0) for (const one of contents()) byContent.delete(one);
      },
    };
    return own;
  };

  return {
    record,
    vacancy(signal) {
      if (tried.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        let forget = (): void => {};
        const wake = (): void => {
          forget();
          waiters.delete(wake);
          resolve();
        };
        waiters.add(wake);
        forget = onAbort(signal, wake);
      });
    },
  };
}

function poison(nodes: ReadonlySet<string>, lastsMs: number): ClusterError {
  const names = [...nodes].toSorted().join(', ');
  return new ClusterError(
    'poison_request',
    `Nodes died while they ran this request (${names}). It is refused for ${lastsMs / 60_000} minutes; change it, or use another model.`,
  );
}
