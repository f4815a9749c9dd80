import { ClusterError } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { Inventory } from '../backend.ts';
import { createResidents } from './residents.ts';

function rigWith(read: () => Promise<Inventory['runners']>) {
  const clock = virtualClock();
  let reads = 0;
  const residents = createResidents(async () => {
    reads += 1;
    return read();
  }, clock);
  return { clock, residents, reads: () => reads };
}

describe('the view of the memory', () => {
  it('is read again when it is more than a second old, once for all who ask', async () => {
    const { clock, residents, reads } = rigWith(async () => [{ model: 'm' }]);
    await Promise.all([residents.refresh(), residents.refresh()]);
    await clock.advance(1_000);
    await residents.refresh();
    expect(reads()).toBe(1);
    await clock.advance(1);
    await residents.refresh();
    expect([reads(), residents.find('m:latest')?.model]).toEqual([2, 'm:latest']);
  });

  it('stays when the backend does not tell; who must know hears of it', async () => {
    let down = false;
    const { clock, residents } = rigWith(async () => {
      if (down) throw new ClusterError('upstream_error', 'down');
      return [{ model: 'm' }];
    });
    await residents.look();
    down = true;
    await clock.advance(2_000);
    await residents.refresh();
    expect(residents.find('m:latest')).toBeDefined();
    await expect(residents.look()).rejects.toMatchObject({ reason: 'upstream_error' });
  });

  it('is the one that was asked for last, when answers overtake each other', async () => {
    const answers: ((runners: Inventory['runners']) => void)[] = [];
    const { residents } = rigWith(() => new Promise((resolve) => answers.push(resolve)));
    const looks = [residents.look(), residents.look()];
    answers[1]!([{ model: 'new' }]);
    await looks[1];
    answers[0]!([{ model: 'old' }]);
    await looks[0];
    expect(residents.list.map(({ model }) => model)).toEqual(['new:latest']);
  });

  it('forgets what a runner was loaded with when it goes, or comes back with another context', async () => {
    let runners: Inventory['runners'] = [{ model: 'm', contextLength: 4_096 }];
    const { residents } = rigWith(async () => runners);
    const sent = { numCtx: 4_096, options: '{"num_gpu":1}' };
    for (const changed of [[], [{ model: 'm', contextLength: 8_192 }]]) {
      await residents.look();
      residents.learn('m:latest', sent);
      await residents.look();
      expect(residents.find('m:latest')?.sent).toMatchObject(sent);
      const before = runners;
      runners = changed;
      await residents.look();
      runners = before;
      await residents.look();
      expect(residents.find('m:latest')?.sent).toBeUndefined();
    }
  });
});
