import { describe, expect, it } from 'vitest';
import { readPlacement } from './placement.ts';

describe('readPlacement', () => {
  it.each([
    [{}, undefined],
    [{ 'x-tutti-placement': '2' }, { kind: 'count', count: 2 }],
    [{ 'x-tutti-placement': 'all' }, { kind: 'all' }],
    [{ 'x-tutti-placement': 'gpu0, gpu1,gpu0' }, { kind: 'nodes', names: ['gpu0', 'gpu1'] }],
    [{ 'x-tutti-node': '2' }, { kind: 'nodes', names: ['2'] }],
  ])('reads %j', (headers, placement) => {
    expect(readPlacement(headers)).toEqual(placement);
  });

  it.each(['0', '1001', '', 'a,,b', 'a b', '-1', '1.5e3/'])('refuses %j', (text) => {
    expect(() => readPlacement({ 'x-tutti-placement': text })).toThrow(
      expect.objectContaining({ reason: 'invalid_request', param: 'x-tutti-placement' }),
    );
  });

  it('refuses two wishes at once', () => {
    expect(() => readPlacement({ 'x-tutti-placement': 'all', 'x-tutti-node': 'a' })).toThrow('exclude each other');
  });
});
