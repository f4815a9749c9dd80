import { expect, it } from 'vitest';
import { createShutdown } from './shutdown.ts';

it('closes in reverse, goes on after a failure, and then exits', async () => {
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    const exit = (code: number): void => {
      events.push(`exit ${code}`);
      resolve();
    };
    const shutdown = createShutdown({ exit, onError: (name) => events.push(`${name} failed`) });
    shutdown.add('first', () => void events.push('first'));
    shutdown.add('second', () => Promise.reject(new Error('no')));
    shutdown.add('third', async () => void events.push('third'));
    shutdown.begin(3);
  });
  expect(events).toEqual(['third', 'second failed', 'first', 'exit 3']);
});

it('exits at once when it is begun again', () => {
  const codes: number[] = [];
  const shutdown = createShutdown({ exit: (code) => codes.push(code), onError: () => {} });
  shutdown.add('endless', () => new Promise(() => {}));
  shutdown.begin();
  shutdown.begin();
  expect(codes).toEqual([130]);
});
