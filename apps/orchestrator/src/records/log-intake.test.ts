import { create } from '@bufbuild/protobuf';
import { beforeEach, expect, test } from 'vitest';
import type { NewLogRecord } from '@tutti/core';
import { LogEntrySchema, PushLogsRequestSchema } from '@tutti/proto/tutti/agent/v1/registry';
import type { HandlerContext } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import { createLogIntake } from './log-intake.ts';

const clock = virtualClock();
const now = clock.wallTime();
const names: Record<string, string> = { id0: 'agx0', id1: 'agx1' };

let lines: NewLogRecord[];
const intake = createLogIntake({ write: (line) => lines.push(line), nodeName: (id) => names[id], clock });

beforeEach(() => {
  lines = [];
});

function caller(claim: string | undefined, certificate?: string): HandlerContext {
  return {
    signal: new AbortController().signal,
    metadata: new Map(claim === undefined ? [] : [['tutti-node-id', claim]]),
    peer: '127.0.0.1:1',
    identity: certificate === undefined ? undefined : { kind: 'node', id: certificate, serial: '1' },
  };
}

const good = { timeMs: now, level: 'info', requestId: 'r', message: 'm', fieldsJson: '{"n":1}' };

function push(entries: readonly Partial<typeof good>[], from = caller('id0')) {
  const messages = entries.map((entry) => create(LogEntrySchema, { ...good, ...entry }));
  return intake.pushLogs(create(PushLogsRequestSchema, { entries: messages }), from);
}

test('lines are written down under the name of the node that sent them', async () => {
  await push([{}]);
  expect(lines).toEqual([
    { time: now, level: 'info', service: 'agent', node: 'agx0', requestId: 'r', message: 'm', fields: { n: 1 } },
  ]);
});

test('a certificate counts, whatever the agent says of itself', async () => {
  await push([{}], caller('id0', 'id1'));
  expect(lines[0]!.node).toBe('agx1');
});

test.each([caller(undefined), caller('nobody'), caller('id0', 'nobody')])('a stranger is refused', async (from) => {
  await expect(push([{}], from)).rejects.toMatchObject({ reason: 'unknown_node' });
  expect(lines).toEqual([]);
});

test('a push with a level that there is not is refused as a whole', async () => {
  await expect(push([{}, { level: 'trace' }])).rejects.toMatchObject({ reason: 'invalid_request', param: 'level' });
  expect(lines).toEqual([]);
});

test('too many at a time are refused', async () => {
  await expect(push(Array.from({ length: 1_001 }, () => ({})))).rejects.toMatchObject({ param: 'entries' });
});

test.each([
  [0, 0],
  [-5, 0],
  [NaN, now],
  [Infinity, now],
  [now + 3_600_000, now + 3_600_000],
  [9e15, now + 86_400_000],
])('a clock that says %d is kept within bounds', async (timeMs, kept) => {
  await push([{ timeMs }]);
  expect(lines[0]!.time).toBe(kept);
});

test('sizes are bounded, what is no JSON object stays readable, secrets go', async () => {
  const canary = 'cAnArY0123456789-_cAnArY0123456789-_cAnArY0';
  await push([
    { message: 'x'.repeat(1_000_000), requestId: 'r'.repeat(1_000), fieldsJson: `{"a":"${'y'.repeat(1_000_000)}"}` },
    { fieldsJson: '{"a":' },
    { fieldsJson: '7' },
    { fieldsJson: '' },
    { message: `tutti_ab12cd34_${canary}`, fieldsJson: JSON.stringify({ password: canary }) },
  ]);
  expect(JSON.stringify(lines[0]).length).toBeLessThan(10_000);
  expect(lines.slice(1, 4).map(({ fields }) => fields)).toEqual([{ fields: '{"a":' }, { fields: 7 }, {}]);
  expect(JSON.stringify(lines)).not.toContain(canary);
});
