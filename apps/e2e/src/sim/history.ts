import { createHash } from 'node:crypto';

/** What a client asked for, as far as it binds the cluster. */
export interface Asked {
  readonly request: string;
  readonly model: string;
  readonly fallback: readonly string[];
  /** Whether a broken answer may be continued elsewhere. */
  readonly resume: boolean;
  readonly privacy: 'any' | 'cluster' | 'local';
  /** The only node that will do; "": any. */
  readonly pin: string;
  /** Same for calls with the same words. */
  readonly content: number;
  /** Sent when all faults are over, without anything special: it must be answered. */
  readonly mustSucceed: boolean;
}

interface RunnerShown {
  readonly model: string;
  readonly numCtx: number;
}

/** Something that happened. Attempts are numbered over the whole simulation, as nodes take them; so are waits. */
export type Happening =
  | ({ readonly kind: 'asked' } & Asked)
  /** The client has gone, or its time is over: nothing may come any more. */
  | { readonly kind: 'left'; readonly request: string }
  /** `outcome`: "complete", or the reason of the error. */
  | {
      readonly kind: 'ended';
      readonly request: string;
      readonly outcome: string;
      readonly text: string;
      readonly resumed: boolean;
      readonly afterDone: number;
    }
  | { readonly kind: 'enqueued'; readonly wait: number; readonly request: string }
  | { readonly kind: 'granted'; readonly wait: number; readonly node: string }
  | { readonly kind: 'refused'; readonly wait: number; readonly reason: string; readonly sheds: boolean }
  | {
      readonly kind: 'chosen';
      readonly request: string;
      readonly node: string;
      readonly model: string;
      readonly load: boolean;
      readonly evict: readonly string[];
      readonly neededTokens: number;
    }
  /** The cluster hands a call to the connection that it knows under that boot id. */
  | {
      readonly kind: 'sent';
      readonly send: number;
      readonly request: string;
      readonly node: string;
      readonly boot: string;
      readonly model: string;
      /** Embeddings are joined at the node: any number of them takes one slot. */
      readonly embeds: boolean;
    }
  | { readonly kind: 'answering'; readonly send: number }
  /** `reason`: of its error; "": none. */
  | { readonly kind: 'returned'; readonly send: number; readonly reason: string }
  /** The node took it, and that is known to the cluster. */
  | { readonly kind: 'accepted'; readonly send: number }
  /** The node works on it. */
  | {
      readonly kind: 'entered';
      readonly attempt: number;
      readonly request: string;
      readonly node: string;
      readonly model: string;
    }
  | { readonly kind: 'worked'; readonly attempt: number; readonly pieces: number; readonly complete: boolean }
  | { readonly kind: 'killed'; readonly node: string; readonly by: 'fault' | 'prompt'; readonly content: number }
  | {
      readonly kind: 'reported';
      readonly node: string;
      readonly boot: string;
      readonly draining: boolean;
      readonly runners: readonly RunnerShown[];
    }
  | { readonly kind: 'suspended' | 'removed' | 'cordoned' | 'uncordoned'; readonly node: string }
  | { readonly kind: 'paused' | 'resumed' }
  | { readonly kind: 'fault'; readonly what: string; readonly node: string }
  | { readonly kind: 'calm' }
  | Sample;

/** What is looked at now and then. */
export interface Sample {
  readonly kind: 'sample';
  readonly waiting: number;
  readonly inFlight: number;
  /** Runners that run more calls than they have slots, and nodes that load two models. */
  readonly overfull: readonly string[];
  /** Models of which the breakers keep calls from nodes. */
  readonly ejected: readonly { readonly model: string; readonly ready: number; readonly out: number }[];
}

export type Event = Happening & { readonly at: number };

export interface NodeTraits {
  readonly name: string;
  readonly cloud: boolean;
  readonly sameMachine: boolean;
  /** Calls at a time on a runner. */
  readonly slots: number;
}

/** How the cluster was left, a while after the last call. */
export interface Rest {
  readonly waiting: number;
  readonly inFlight: number;
  readonly refused: number;
  /** Timers that nobody stopped. */
  readonly timers: number;
  /** Listeners that still hang on clients' signals. */
  readonly listeners: number;
  /** Breakers that are neither closed nor on their way to be. */
  readonly stuckBreakers: readonly string[];
  /** Calls inside machines. */
  readonly live: number;
}

export interface History {
  readonly nodes: readonly NodeTraits[];
  /** Most calls at a time over all nodes. */
  readonly concurrency: number;
  readonly events: readonly Event[];
  readonly rest: Rest;
}

/** The same for histories in which the same happened at the same times. */
export function hashOf({ events, rest }: Pick<History, 'events' | 'rest'>): string {
  const hash = createHash('sha256');
  for (const event of events) hash.update(JSON.stringify(event));
  return hash.update(JSON.stringify(rest)).digest('hex').slice(0, 16);
}
