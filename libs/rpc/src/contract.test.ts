import { describe, expect, it } from 'vitest';
import {
  aborted,
  describeBridge,
  endless,
  failure,
  numberIn,
  numbers,
  read,
  standstill,
  tracked,
} from './contract.fixture.ts';

describeBridge('the bridge', (start) => {
  describe('messages', () => {
    it('answers a request', async () => {
      const { client } = await start({ hasBlob: async ({ digest }) => ({ exists: digest === 'sha256:1' }) });
      expect(await client.hasBlob({ digest: 'sha256:1' })).toMatchObject({ exists: true });
      expect(await client.hasBlob({})).toMatchObject({ exists: false });
    });

    it('streams answers in order', async () => {
      const { client } = await start({ getBlob: () => numbers(1_000) });
      const seen = await read(client.getBlob({}));
      expect(seen).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    });

    it('streams nothing', async () => {
      const { client } = await start({ getBlob: () => numbers(0) });
      expect(await read(client.getBlob({}))).toEqual([]);
    });

    it('takes a stream of requests', async () => {
      const { client } = await start({
        async putBlob(requests) {
          let sum = 0;
          for await (const { data } of requests) sum += numberIn(data);
          return { existed: sum === 499_500 };
        },
      });
      expect(await client.putBlob(numbers(1_000))).toMatchObject({ existed: true });
    });

    it('lets a handler answer before it has read every request', async () => {
      const { client } = await start({
        async putBlob(requests) {
          await requests[Symbol.asyncIterator]().next();
          return { existed: true };
        },
      });
      const source = tracked(endless());
      expect(await client.putBlob(source.items)).toMatchObject({ existed: true });
      await source.ended;
    });

    it('runs 1,000 streams at a time', async () => {
      let arrived = 0;
      const all = Promise.withResolvers<void>();
      const { client } = await start({
        async *getBlob() {
          if (++arrived === 1_000) all.resolve();
          await all.promise;
          yield* numbers(3);
        },
      });
      const streams = Array.from({ length: 1_000 }, () => read(client.getBlob({})));
      expect(new Set((await Promise.all(streams)).map(String))).toEqual(new Set(['0,1,2']));
    });

    it('carries metadata', async () => {
      const { client } = await start({
        hasBlob: async (_request, { metadata, peer }) => {
          expect(peer).toMatch(/:\d+$/);
          return { exists: metadata.get('x-request-id') === 'r1' };
        },
      });
      expect(await client.hasBlob({}, { metadata: { 'x-request-id': 'r1' } })).toMatchObject({ exists: true });
      expect(await client.hasBlob({})).toMatchObject({ exists: false });
    });
  });

  describe('back-pressure', () => {
    it('does not let a producer run ahead of a reader that has stopped', async () => {
      const source = tracked(numbers(100_000, 1024));
      const { client } = await start({ getBlob: () => source.items });
      const reader = client.getBlob({})[Symbol.asyncIterator]();
      await reader.next();
      await standstill(() => source.count);
      expect(source.count).toBeLessThan(2_000);
      await reader.return?.();
      await source.ended;
      expect(source.count).toBeLessThan(2_000);
    });

    it('does not let a sender run ahead of a handler that has stopped', async () => {
      const source = tracked(numbers(100_000, 1024));
      const first = Promise.withResolvers<void>();
      const { client } = await start({
        async putBlob(requests, { signal }) {
          await requests[Symbol.asyncIterator]().next();
          first.resolve();
          await aborted(signal);
          return {};
        },
      });
      const controller = new AbortController();
      const answer = failure(client.putBlob(source.items, { signal: controller.signal }));
      await first.promise;
      await standstill(() => source.count);
      expect(source.count).toBeLessThan(2_000);
      controller.abort();
      expect((await answer).reason).toBe('client_closed');
      await source.ended;
    });
  });

  it('refuses calls once it is closed', async () => {
    const { client, close } = await start({ hasBlob: async () => ({}), getBlob: () => numbers(1) });
    close();
    expect((await failure(client.hasBlob({}))).reason).toBe('node_unreachable');
    expect((await failure(read(client.getBlob({})))).reason).toBe('node_unreachable');
    expect((await failure(client.putBlob(numbers(1)))).reason).toBe('node_unreachable');
  });
});
