import { expect, test } from 'vitest';
import {
  ClusterError,
  done,
  localPrincipal,
  Priority,
  Privacy,
  textDelta,
  type Call,
  type Context,
  type Generate,
} from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { callsLogged } from './call-log.ts';

const context: Context = {
  signal: new AbortController().signal,
  requestId: 'r1',
  principal: localPrincipal,
  priority: Priority.DEFAULT,
  privacy: Privacy.CLUSTER,
  hops: 0,
  ticket: { sequence: 1, attempt: 2, excluded: new Set(), place: {} },
};

/** Reads a call to its end, each chunk 30 ms after the one before. */
async function linesOf(generate: Generate): Promise<unknown[]> {
  const clock = virtualClock();
  const lines: unknown[] = [];
  const keep = (level: string) => (message: string, fields: object) => lines.push([level, message, fields]);
  const logged = callsLogged(generate, { log: { info: keep('info'), warn: keep('warn') } as never, clock });
  try {
    for await (const chunk of logged({ model: 'm:1b' } as Call, context)) {
      expect(chunk).toBeDefined();
      await clock.advance(30);
    }
  } catch {
    // The line tells.
  }
  return lines;
}

test("a call's end is one line under its request id", async () => {
  const lines = await linesOf(async function* () {
    yield textDelta('secret words');
    yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: 7 } });
  });
  const fields = {
    requestId: 'r1',
    model: 'm:1b',
    attempt: 2,
    status: 'ok',
    durationMs: 60,
    ttftMs: 0,
    tokensIn: 5,
    tokensOut: 7,
  };
  expect(lines).toEqual([['info', 'call ended', fields]]);
  expect(JSON.stringify(lines)).not.toContain('secret words');
});

test.each([
  ['upstream_error', 'warn'],
  ['client_closed', 'info'],
] as const)('%s is a line of level %s', async (reason, level) => {
  const lines = await linesOf(async function* () {
    throw new ClusterError(reason, 'why');
  });
  expect(lines).toEqual([[level, 'call ended', expect.objectContaining({ status: reason, error: 'why' })]]);
});
