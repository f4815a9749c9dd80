import { ClusterError, type Reason } from '@tutti/core';
import { expect, it } from 'vitest';
import { exitCodeOf } from './exit-code.ts';

it.each<[Reason, number]>([
  ['internal', 1],
  ['failed_precondition', 1],
  ['invalid_request', 2],
  ['node_unreachable', 3],
  ['unauthenticated', 4],
  ['forbidden', 4],
  ['model_not_found', 5],
  ['overloaded', 6],
  ['no_healthy_node', 6],
  ['client_closed', 130],
])('%s ends with %d', (reason, code) => expect(exitCodeOf(new ClusterError(reason, ''))).toBe(code));

it('a bug is a failure', () => expect(exitCodeOf(new TypeError('x'))).toBe(1));
