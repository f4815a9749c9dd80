import { describe, expect, it } from 'vitest';
import { turns } from './turns.ts';

const { signal } = new AbortController();

describe('turns', () => {
  it('lets callers in one at a time, in order of asking', async () => {
    const take = turns();
    const order: string[] = [];
    const visit = async (name: string) => {
      const end = await take(signal);
      order.push(`${name} in`);
      await Promise.resolve();
      order.push(`${name} out`);
      end();
    };
    await Promise.all(['a', 'b', 'c'].map(visit));
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('lets a waiting caller give up at once, and the next one in after the turn', async () => {
    const take = turns();
    const end = await take(signal);
    const impatient = new AbortController();
    const waiting = take(impatient.signal);
    const next = take(signal);
    impatient.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'client_closed' });
    end();
    await expect(next).resolves.toBeTypeOf('function');
  });

  it('refuses a caller that has given up before asking', async () => {
    await expect(turns()(AbortSignal.abort())).rejects.toMatchObject({ reason: 'client_closed' });
  });
});
