import type { Clock } from '@tutti/core';
import type { Processor, Work } from '@tutti/simulation';
import type { Exchange } from './exchange.ts';

/** When the tokens of an answer come. */
export interface Pace {
  /** Whether the token may go out now; the first has number 0. */
  isDue(token: number): boolean;
  /** Resolves when it may. Rejects when the client is gone. */
  until(token: number): Promise<void>;
  /** Whether an answer of so many tokens may end now, or when a token with that number would come. */
  isOver(tokens: number): boolean;
  /** Prompt tokens read so far. */
  readonly readTokens: number;
  stop(): void;
}

/** The same time before every token, however many there are. */
export function delayedPace(exchange: Exchange, clock: Clock, firstTokenDelayMs: number, tokenDelayMs: number): Pace {
  const delayMs = (token: number): number => (token === 0 ? firstTokenDelayMs : tokenDelayMs);
  return {
    isDue: (token) => delayMs(token) <= 0,
    until: (token) => (delayMs(token) > 0 ? exchange.sleep(clock, delayMs(token)) : Promise.resolve()),
    isOver: () => true,
    readTokens: Infinity,
    stop() {},
  };
}

/** One request at work on a machine that others use too. */
export interface SharedWork {
  readonly processor: Processor;
  /** Requests of one runner have the same. */
  readonly group: object;
  /** Prompt tokens to read. */
  readonly promptTokens: number;
  readonly prefillSpeed: number;
  readonly decodeSpeed: number;
}

/** As fast as the machine is with all that runs on it. */
export function sharedPace(exchange: Exchange, clock: Clock, work: SharedWork): Pace {
  const { processor, group, promptTokens } = work;
  let decode: Work | undefined;
  const prefill = processor.start({
    group,
    amount: promptTokens,
    speed: work.prefillSpeed,
    done() {
      decode = processor.start({ group, amount: Infinity, speed: work.decodeSpeed, done: () => {} });
    },
  });
  const isDue = (token: number): boolean => decode !== undefined && decode.progress >= token;
  /** With the machine to itself; a token that comes late does not make the next one late. */
  const soonestMs = (token: number): number =>
    decode
      ? ((token - decode.progress) / work.decodeSpeed) * 1000
      : ((promptTokens - prefill.progress) / work.prefillSpeed) * 1000;
  const until = async (token: number): Promise<void> => {
    while (!isDue(token)) await exchange.sleep(clock, Math.max(1, soonestMs(token)));
  };
  return {
    isDue,
    until,
    isOver: isDue,
    get readTokens() {
      return decode ? promptTokens : Math.floor(prefill.progress);
    },
    stop() {
      prefill.stop();
      decode?.stop();
    },
  };
}
