import { getEventListeners } from 'node:events';
import { ClusterError } from '@tutti/core';
import { expect, it } from 'vitest';
import { describeBridge, failure, numberIn, numbers, oneThenNothing, read, waiting } from './contract.fixture.ts';

describeBridge('cancelling', (start) => {
  it('reaches a handler that has sent nothing yet', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(0) });
    const controller = new AbortController();
    const answer = failure(read(client.getBlob({}, { signal: controller.signal })));
    await handler.started;
    controller.abort();
    expect((await answer).reason).toBe('client_closed');
    expect(await handler.ended).toMatchObject({ reason: 'client_closed' });
  });

  it('reaches a handler in mid-stream', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(3) });
    const controller = new AbortController();
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { data } of client.getBlob({}, { signal: controller.signal })) {
        if (seen.push(numberIn(data)) === 3) controller.abort();
      }
    };
    expect((await failure(reading())).reason).toBe('client_closed');
    expect(seen).toEqual([0, 1, 2]);
    expect(await handler.ended).toMatchObject({ reason: 'client_closed' });
  });

  it('reaches the handler of a stream that is not being read', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(1) });
    const controller = new AbortController();
    const reader = client.getBlob({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await reader.next();
    controller.abort();
    expect(await handler.ended).toMatchObject({ reason: 'client_closed' });
    await reader.return?.();
  });

  it('does not wait for a handler that is slow to stop', async () => {
    const started = Promise.withResolvers<void>();
    const stop = Promise.withResolvers<void>();
    const { client } = await start({
      async hasBlob() {
        started.resolve();
        await stop.promise;
        return {};
      },
    });
    const controller = new AbortController();
    const answer = failure(client.hasBlob({}, { signal: controller.signal }));
    await started.promise;
    controller.abort();
    expect((await answer).reason).toBe('client_closed');
    stop.resolve();
  });

  it('happens when the loop is left', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(1) });
    for await (const _ of client.getBlob({})) break;
    expect(await handler.ended).toMatchObject({ reason: 'client_closed' });
  });

  it('fails the requests that a handler reads', async () => {
    const told = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const { client } = await start({
      async putBlob(requests) {
        try {
          for await (const _ of requests) started.resolve();
        } catch (thrown) {
          told.resolve(thrown);
          throw thrown;
        }
        return {};
      },
    });
    const controller = new AbortController();
    const answer = failure(client.putBlob(oneThenNothing(controller.signal), { signal: controller.signal }));
    await started.promise;
    controller.abort();
    expect((await answer).reason).toBe('client_closed');
    expect(await told.promise).toMatchObject({ reason: 'client_closed' });
  });

  it('ends with the error that the signal carries', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(0) });
    const controller = new AbortController();
    const answer = failure(read(client.getBlob({}, { signal: controller.signal })));
    await handler.started;
    controller.abort(new ClusterError('upstream_timeout', 'no first token'));
    expect(await answer).toMatchObject({ reason: 'upstream_timeout', message: 'no first token' });
  });

  it('starts nothing when the signal has aborted before', async () => {
    let calls = 0;
    const count = (): void => void calls++;
    const { client } = await start({
      hasBlob: async () => (count(), {}),
      async *getBlob() {
        count();
      },
      putBlob: async () => (count(), {}),
    });
    const options = { signal: AbortSignal.abort() };
    expect((await failure(client.hasBlob({}, options))).reason).toBe('client_closed');
    expect((await failure(read(client.getBlob({}, options)))).reason).toBe('client_closed');
    expect((await failure(client.putBlob(numbers(1), options))).reason).toBe('client_closed');
    await client.hasBlob({});
    expect(calls).toBe(1);
  });

  it('leaves no listener behind', async () => {
    const { client } = await start({
      hasBlob: async () => ({}),
      getBlob: () => numbers(3),
      putBlob: async () => ({}),
    });
    const { signal } = new AbortController();
    await client.hasBlob({}, { signal });
    await read(client.getBlob({}, { signal }));
    for await (const _ of client.getBlob({}, { signal })) break;
    await client.putBlob(numbers(3), { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not happen to calls that have ended', async () => {
    const signals: AbortSignal[] = [];
    const { client } = await start({
      hasBlob: async (_request, { signal }) => (signals.push(signal), {}),
      async *getBlob(_request, { signal }) {
        signals.push(signal);
        yield* numbers(2);
      },
    });
    await client.hasBlob({});
    await read(client.getBlob({}));
    await client.hasBlob({});
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  });
});
