import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  const known = ['port', 'grpcPort', 'host', 'queueSize', 'tls'];

  it.each([
    ['prot', 'port'],
    ['Port', 'port'],
    ['grpc_port', 'grpcPort'],
    ['queue-size', 'queueSize'],
    ['hosts', 'host'],
    ['tsl', 'tls'],
    ['xyz', undefined],
    ['database', undefined],
    ['', undefined],
    ['p'.repeat(100_000), undefined],
  ])('%.20s: %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});
