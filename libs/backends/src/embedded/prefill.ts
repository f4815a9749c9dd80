import { throwIfAborted, type Clock } from '@tutti/core';
import type { LlamaContextSequence, Token } from 'node-llama-cpp';

const sliceMs = 50;
const fewestTokens = 8;
const mostTokens = 512;

/**
 * Reads the prompt into the sequence, all but its last token, keeping the beginning that is there already.
 * The engine cannot be stopped while it evaluates: so it gets slices of about 50 ms, and between them `signal` is heard.
 * Returns how many tokens were there already.
 */
export async function prefill(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  const wanted = prompt.slice(0, -1);
  await sequence.adaptStateToTokens(wanted, false);
  const cached = sequence.nextTokenIndex;

  let size = 16;
  for (let at = cached; at < wanted.length;) {
    throwIfAborted(signal);
    const slice = wanted.slice(at, at + size);
    const startedAt = clock.now();
    await sequence.evaluateWithoutGeneratingNewTokens(slice);
    at += slice.length;
    size = nextSize(slice.length, clock.now() - startedAt);
  }
  throwIfAborted(signal);
  return cached;
}

function nextSize(size: number, tookMs: number): number {
  if (tookMs < sliceMs / 2) return Math.min(size * 2, mostTokens);
  if (tookMs > sliceMs * 1.5) return Math.max(size >> 1, fewestTokens);
  return size;
}
