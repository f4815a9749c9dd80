import type { Clock } from '@tutti/core';
import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';
import type { Ending, Face, Metrics, Piece } from './lines.ts';
import type { Pace } from './pace.ts';

/** How an answer goes out. */
export interface Delivery {
  readonly face: Face;
  readonly stream: boolean;
  readonly pieces: Iterable<Piece>;
  /** Tokens after which the answer is cut with reason `length`. */
  readonly limit: number;
  readonly pace: Pace;
  readonly strike: Strike | undefined;
  readonly clock: Clock;
  /** What the last line says, given the reason, the number of tokens and the durations. */
  readonly ending: (reason: string, measured: Pick<Metrics, 'promptMs' | 'tokens' | 'tokensMs'>) => Ending;
}

/** Tokens without delay are written together up to about this size. */
const batchChars = 16_384;
const longLineBytes = 9 * 1024 * 1024;

const brokenStream = 'an error was encountered while running the model: unexpected EOF';

/** Sends the answer, token by token or as a whole, and does what the fault says. */
export async function deliver(exchange: Exchange, delivery: Delivery): Promise<void> {
  const { face, stream, limit, clock, pace } = delivery;
  const out = stream ? streamed(exchange, face) : whole(exchange, face);
  let strike = midway(delivery.strike);
  const slowMs = delivery.strike?.fault === 'slow' ? delivery.strike.delayMs : 0;
  const startedMs = clock.now();
  let firstMs = startedMs;
  let count = 0;
  let reason = 'stop';
  for (const piece of delivery.pieces) {
    if (strike && count >= strike.afterTokens) {
      if (await out.strike(strike)) return;
      strike = undefined;
    }
    if (slowMs > 0 || !pace.isDue(count)) {
      await out.flush();
      await pace.until(count);
      if (slowMs > 0) await exchange.sleep(clock, slowMs);
    }
    if (count === 0) firstMs = clock.now();
    if (out.add(piece)) await out.flush();
    count += piece.tokens ?? 1;
    if (count >= limit) {
      reason = 'length';
      break;
    }
  }
  if (strike && (await out.strike(strike))) return;
  if (!pace.isOver(count)) {
    await out.flush();
    await pace.until(count);
  }
  const tokensMs = clock.now() - firstMs;
  out.end(delivery.ending(reason, { promptMs: firstMs - startedMs, tokens: count, tokensMs }));
}

interface Out {
  /** True if it is time to flush. */
  add(piece: Piece): boolean;
  flush(): Promise<void>;
  /** True if the answer is over with it. */
  strike(strike: Strike): Promise<boolean>;
  end(ending: Ending): void;
}

function midway(strike: Strike | undefined): Strike | undefined {
  return strike?.fault === 'slow' || strike?.fault === 'zombie' ? undefined : strike;
}

function streamed(exchange: Exchange, face: Face): Out {
  let buffer = '';
  let opened = false;
  const open = (): void => {
    if (!opened) exchange.open(200, 'application/x-ndjson');
    opened = true;
  };
  const flush = async (): Promise<void> => {
    if (buffer === '') return;
    open();
    const text = buffer;
    buffer = '';
    await exchange.write(text);
  };
  return {
    add(piece) {
      buffer += face(piece);
      buffer += '\n';
      return buffer.length > batchChars;
    },
    flush,
    async strike({ fault, message }) {
      await flush();
      if (fault === 'reset') exchange.destroy(true);
      if (fault === 'hangMidStream') await exchange.closed();
      if (fault === 'reset' || fault === 'hangMidStream') return true;
      const error = goJson({ error: message ?? brokenStream });
      if (fault === 'errorLine' && !opened) {
        exchange.open(500, 'application/json');
        exchange.end(error);
        return true;
      }
      open();
      const text = interruption(fault, face, error);
      if (fault !== 'longLine') exchange.end(text);
      else await exchange.write(text);
      return fault !== 'longLine';
    },
    end(ending) {
      open();
      exchange.end(`${buffer}${face({ content: '' }, ending)}\n`);
    },
  };
}

function interruption(fault: Strike['fault'], face: Face, error: string): string {
  if (fault === 'errorLine') return `${error}\n`;
  if (fault === 'longLine') return `${face({ content: 'x'.repeat(longLineBytes) })}\n`;
  return fault === 'halfLine' ? face({ content: 'half' }).slice(0, -20) : '';
}

function whole(exchange: Exchange, face: Face): Out {
  let content = '';
  let thinking = '';
  let toolCalls: string | undefined;
  const logprobs: string[] = [];
  const all = (): Piece => ({
    content,
    thinking,
    ...(toolCalls && { toolCalls }),
    ...(logprobs.length > 0 && { logprobs: logprobs.join(',') }),
  });
  return {
    add(piece) {
      content += piece.content;
      thinking += piece.thinking ?? '';
      toolCalls ??= piece.toolCalls;
      if (piece.logprobs) logprobs.push(piece.logprobs);
      return false;
    },
    flush: () => Promise.resolve(),
    async strike({ fault, message }) {
      if (fault === 'reset') exchange.destroy(true);
      if (fault === 'hangMidStream') await exchange.closed();
      if (fault === 'longLine') content += 'x'.repeat(longLineBytes);
      if (fault === 'errorLine') exchange.json(500, goJson({ error: message ?? brokenStream }));
      if (fault === 'endWithoutDone') exchange.json(200, face(all()));
      if (fault === 'halfLine') exchange.json(200, face(all()).slice(0, -20));
      return fault !== 'longLine';
    },
    end: (ending) => exchange.json(200, face(all(), ending)),
  };
}
