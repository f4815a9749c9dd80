import { setTimeout as timer } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeBridge, failure, read, waiting } from './contract.fixture.ts';

describeBridge('deadlines', (start) => {
  it('end a call on both sides', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(0) });
    const error = await failure(read(client.getBlob({}, { deadlineMs: 150 })));
    expect(error.reason).toBe('deadline_exceeded');
    expect(await handler.ended).toMatchObject({ reason: 'deadline_exceeded' });
  });

  it('end a call that has begun to answer', async () => {
    const handler = waiting();
    const { client } = await start({ getBlob: handler.stream(2) });
    const error = await failure(read(client.getBlob({}, { deadlineMs: 150 })));
    expect(error.reason).toBe('deadline_exceeded');
    expect(await handler.ended).toMatchObject({ reason: 'deadline_exceeded' });
  });

  it('may be further away than timers can count', async () => {
    const { client } = await start({
      async hasBlob(_request, { signal }) {
        // Timers that have overflowed end after 1 ms.
        await timer(20);
        return { exists: !signal.aborted };
      },
    });
    for (const deadlineMs of [2 ** 31 - 1, 1e15, Infinity]) {
      expect(await client.hasBlob({}, { deadlineMs })).toMatchObject({ exists: true });
    }
  });
});
