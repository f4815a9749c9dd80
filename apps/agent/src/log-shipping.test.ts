import { describe, expect, test } from 'vitest';
import { ClusterError, type NewLogRecord } from '@tutti/core';
import { RegistryService, type PushLogsRequest } from '@tutti/proto/tutti/agent/v1/registry';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { createLogShipping } from './log-shipping.ts';

function line(message: string, fields = {}): NewLogRecord {
  return { time: 1, level: 'warn', service: 'agent', node: 'claimed', requestId: 'r', message, fields };
}

/** Orchestrators that write down what reaches them; `failures[i]` is what number i answers with. */
function start(count: number) {
  const failures: (ClusterError | undefined)[] = [];
  const taken = Array.from({ length: count }, () => [] as PushLogsRequest[]);
  const senders: (string | undefined)[] = [];
  const registries = taken.map((pushes, i) => {
    const channel = createMemoryChannel();
    channel.addService(RegistryService, {
      async pushLogs(request, { metadata }) {
        if (failures[i]) throw failures[i];
        senders.push(metadata.get('tutti-node-id'));
        pushes.push(request);
        return {};
      },
    });
    return createClient(channel, RegistryService, { deadlineMs: 5_000 });
  });
  return { failures, taken, senders, append: createLogShipping({ registries, nodeId: 'id0' }) };
}

const away = new ClusterError('node_unreachable', 'away');

describe('shipping', () => {
  test('hands lines over whole, and says who sends them', async () => {
    const { append, taken, senders } = start(1);
    await append([line('a', { n: 1 })]);
    expect(taken[0]![0]!.entries).toMatchObject([
      { timeMs: 1, level: 'warn', requestId: 'r', message: 'a', fieldsJson: '{"n":1}' },
    ]);
    expect(senders).toEqual(['id0']);
  });

  test('takes the next orchestrator, and stays there', async () => {
    const { append, taken, failures } = start(2);
    failures[0] = away;
    await append([line('a')]);
    failures[0] = undefined;
    await append([line('b')]);
    expect(taken.map((pushes) => pushes.length)).toEqual([0, 2]);
    failures[1] = away;
    await append([line('c')]);
    expect(taken.map((pushes) => pushes.length)).toEqual([1, 2]);
  });

  test.each(['node_unreachable', 'unknown_node', 'forbidden', 'not_implemented'] as const)(
    'what nobody takes for now (%s) may be tried again',
    async (reason) => {
      const { append, failures } = start(2);
      failures.push(new ClusterError(reason, 'no'), new ClusterError(reason, 'no'));
      await expect(append([line('a')])).rejects.toMatchObject({ reason: 'storage_unavailable', retry: 'later' });
    },
  );

  test('what is wrong in itself is not tried again', async () => {
    const { append, failures } = start(1);
    failures.push(new ClusterError('invalid_request', 'no'));
    await expect(append([line('a')])).rejects.toMatchObject({ retry: 'never' });
  });

  test('no push is large, and order stays', async () => {
    const { append, taken } = start(1);
    await append(Array.from({ length: 500 }, (_, i) => line(`${i} ${'€'.repeat(2_000)}`)));
    const pushes = taken[0]!;
    expect(pushes.length).toBeGreaterThan(2);
    for (const push of pushes)
      expect(JSON.stringify(push.entries.map((entry) => entry.message)).length).toBeLessThan(330_000);
    expect(pushes.flatMap(({ entries }) => entries.map(({ message }) => parseInt(message)))).toEqual(
      Array.from({ length: 500 }, (_, i) => i),
    );
  });
});
