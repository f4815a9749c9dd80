import { ClusterError, reasons } from '@tutti/core';
import type { Reason } from '@tutti/core';
import { expect, it } from 'vitest';
import {
  aborted,
  describeBridge,
  failing,
  failure,
  numberIn,
  numbers,
  read,
  tracked,
  waiting,
} from './contract.fixture.ts';

describeBridge('errors', (start) => {
  it.each(Object.keys(reasons) as Reason[])('arrive as they were thrown: %s', async (reason) => {
    const { client } = await start({
      async hasBlob() {
        throw new ClusterError(reason, `it is ${reason}: "50 %" äöü 漢字 \n`, {
          retryAfterMs: 1_500,
          param: 'model',
        });
      },
    });
    const error = await failure(client.hasBlob({}));
    expect(error).toMatchObject({
      reason,
      message: `it is ${reason}: "50 %" äöü 漢字 \n`,
      retryAfterMs: 1_500,
      param: 'model',
    });
  });

  it('have no facts but those that were thrown', async () => {
    const { client } = await start({
      async hasBlob() {
        throw new ClusterError('no_slot', 'full');
      },
    });
    const { retryAfterMs, param } = await failure(client.hasBlob({}));
    expect([retryAfterMs, param]).toEqual([undefined, undefined]);
  });

  it('arrive after the messages before them', async () => {
    const { client } = await start({
      async *getBlob() {
        yield* numbers(3);
        throw new ClusterError('upstream_error', 'the backend broke off');
      },
    });
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { data } of client.getBlob({})) seen.push(numberIn(data));
    };
    expect(await failure(reading())).toMatchObject({ reason: 'upstream_error', message: 'the backend broke off' });
    expect(seen).toEqual([0, 1, 2]);
  });

  it('that are no ClusterErrors tell nothing', async () => {
    const { client } = await start({
      async hasBlob() {
        throw new TypeError('boom');
      },
      getBlob() {
        throw new TypeError('boom');
      },
      async putBlob() {
        throw new TypeError('boom');
      },
      verb: () => failing(new TypeError('boom')),
    });
    const calls = [client.hasBlob({}), read(client.getBlob({})), client.putBlob(numbers(1)), read(client.verb({}))];
    for (const error of await Promise.all(calls.map((call) => failure(call)))) {
      expect(error).toMatchObject({ reason: 'internal', message: 'internal error' });
    }
  });

  it('of encoding are internal ones', async () => {
    const handler = tracked([{ data: 4 as unknown as Uint8Array<ArrayBuffer> }]);
    const { client } = await start({ getBlob: () => handler.items });
    const error = await failure(read(client.getBlob({})));
    expect(error).toMatchObject({ reason: 'internal', message: 'internal error' });
    await handler.ended;
  });

  it('of the requests end the call', async () => {
    const started = Promise.withResolvers<void>();
    const told = Promise.withResolvers<unknown>();
    const { client } = await start({
      async putBlob(requests, { signal }) {
        started.resolve();
        try {
          for await (const _ of requests);
        } finally {
          told.resolve(await aborted(signal));
        }
        return {};
      },
    });
    async function* requests(): AsyncGenerator<never> {
      await started.promise;
      throw new ClusterError('malformed_json', 'line 3');
    }
    expect(await failure(client.putBlob(requests()))).toMatchObject({ reason: 'malformed_json', message: 'line 3' });
    expect(await told.promise).toMatchObject({ reason: 'client_closed' });
  });

  it('tell of methods that are not there', async () => {
    const { client } = await start({});
    expect((await failure(client.hasBlob({}))).reason).toBe('not_implemented');
    expect((await failure(read(client.getBlob({})))).reason).toBe('not_implemented');
    expect((await failure(client.putBlob(numbers(1)))).reason).toBe('not_implemented');
  });

  it('are cut short, and end no other stream', async () => {
    const handler = waiting();
    const { client } = await start({
      getBlob: handler.stream(1),
      async hasBlob() {
        throw new ClusterError('invalid_request', 'ß'.repeat(100_000), { param: 'p'.repeat(65_536) });
      },
    });
    const innocent = client.getBlob({})[Symbol.asyncIterator]();
    await innocent.next();
    const error = await failure(client.hasBlob({}));
    expect(error.reason).toBe('invalid_request');
    expect(error.message).toMatch(/^ß{500,}…$/);
    expect(error.param).toMatch(/^p{100,}…$/);
    const next = innocent.next();
    handler.finish();
    expect(await next).toMatchObject({ done: true });
  });

  it('may hold half a character', async () => {
    const { client } = await start({
      async hasBlob() {
        throw new ClusterError('bad_upstream', 'cut \ud83d', { param: '\udc00', retryAfterMs: 0.1 });
      },
    });
    expect(await failure(client.hasBlob({}))).toMatchObject({
      message: 'cut \ufffd',
      param: '\ufffd',
      retryAfterMs: 1,
    });
  });
});
