import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

it.each([
  ['gpu1', ['cpu0', 'gpu0', 'laptop'], 'gpu0'],
  ['LAPTPO', ['gpu0', 'laptop'], 'laptop'],
  ['a', ['b'], 'b'],
  ['orin', ['laptop', 'gpu0'], undefined],
  ['x', [], undefined],
  ['', ['a'], undefined],
  ['grpc_port', ['port', 'grpcPort', 'host'], 'grpcPort'],
  ['hosts', ['port', 'host'], 'host'],
  ['tsl', ['tls', 'port'], 'tls'],
  ['database', ['port', 'host', 'tls'], undefined],
])('takes %j of %j for %j', (word, names, expected) => {
  expect(nearestName(word, names)).toBe(expected);
});

it('stays quick with words that nobody types', () => {
  expect(nearestName('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toBeUndefined();
});
