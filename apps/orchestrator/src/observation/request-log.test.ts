import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  ClusterError,
  done,
  localPrincipal,
  Priority,
  Privacy,
  textDelta,
  watched,
  type Context,
  type Generate,
} from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { virtualClock } from '@tutti/testing';
import { createRequestBook } from './request-book.ts';
import { promptsLogged } from '../records/prompt-log.ts';
import { logRequest } from './request-log.ts';

const canary = 'the prompt nobody may read';

const call = create(CallSchema, {
  model: 'm:1b',
  dialect: 'ollama',
  kind: { case: 'chat', value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: canary } }] }] } },
});

const context: Context = {
  signal: new AbortController().signal,
  requestId: 'r1',
  principal: localPrincipal,
  priority: Priority.DEFAULT,
  privacy: Privacy.CLUSTER,
  hops: 0,
  ticket: { sequence: 1, attempt: 1, excluded: new Set(), place: {} },
};

type Line = [level: string, message: string, fields: Record<string, unknown>];

/** A log that keeps its lines. */
function memoryLog(level = 'info') {
  const lines: Line[] = [];
  const keep = (level: string) => (message: string, fields: Record<string, unknown>) =>
    lines.push([level, message, fields]);
  return { lines, log: { level, debug: keep('debug'), info: keep('info'), warn: keep('warn') } as never };
}

async function run(generate: Generate): Promise<Line[]> {
  const clock = virtualClock();
  const { lines, log } = memoryLog();
  const book = createRequestBook({ clock, onEnd: logRequest(log) });
  try {
    for await (const chunk of watched(book.watch, generate)(call, context))
      if (chunk.kind.case === 'delta') await clock.advance(40);
  } catch {
    // The line tells.
  }
  return lines;
}

test('one line tells how a request went, and nothing of what it said', async () => {
  const lines = await run(async function* () {
    yield textDelta('hello');
    yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: 7 } });
  });
  expect(lines).toEqual([
    [
      'info',
      'request ended',
      expect.objectContaining({
        requestId: 'r1',
        model: 'm:1b',
        surface: 'ollama',
        status: 'ok',
        durationMs: 40,
        ttftMs: 0,
        tokensIn: 5,
        tokensOut: 7,
      }),
    ],
  ]);
  expect(JSON.stringify(lines)).not.toContain(canary);
});

test.each([
  ['upstream_error', 'warn'],
  ['model_not_found', 'info'],
] as const)('a failure by %s is a line of level %s', async (reason, level) => {
  const lines = await run(async function* () {
    throw new ClusterError(reason, 'no');
  });
  expect(lines).toEqual([[level, 'request ended', expect.objectContaining({ status: reason })]]);
});

test.each([
  ['debug', true, 1],
  ['debug', false, 0],
  ['info', true, 0],
])('at level %s, prompts wanted: %s, %i prompts are logged', (level, wanted, count) => {
  const { lines, log } = memoryLog(level);
  promptsLogged(async function* () {}, { log, wanted: () => wanted })(call, context);
  expect(lines).toHaveLength(count);
  if (count > 0) expect(lines[0]![2]).toMatchObject({ requestId: 'r1', prompt: `user: ${canary}` });
});

test('a prompt that may not leave this machine is not logged, since logs go to a store', () => {
  const { lines, log } = memoryLog('debug');
  const local = { ...context, privacy: Privacy.LOCAL };
  promptsLogged(async function* () {}, { log, wanted: () => true })(call, local);
  expect(lines).toEqual([]);
});

test('of a long prompt the end is logged', () => {
  const { lines, log } = memoryLog('debug');
  const long = create(CallSchema, { kind: { case: 'completion', value: { prompt: `${'x'.repeat(100_000)}end` } } });
  promptsLogged(async function* () {}, { log, wanted: () => true })(long, context);
  const { prompt } = lines[0]![2] as { prompt: string };
  expect(prompt).toHaveLength(2_048);
  expect(prompt.endsWith('end')).toBe(true);
});
