import { expect, it } from 'vitest';
import { createReportOrder } from './report-order.ts';

const report = (seq: number, bootId = 'b') => ({ seq, bootId });

it('takes what grows, and neither replays nor what comes late', () => {
  const order = createReportOrder('b');
  const taken = [1, 2, 2, 5, 3, 6].filter((seq) => order.refusal(report(seq)) === undefined);
  expect(taken).toEqual([1, 2, 5, 6]);
  expect(order.refusal(report(4))).toBe('A report came twice or out of order and was ignored: number 4 after 6.');
});

it('takes the last report again when a new stream begins with it', () => {
  const order = createReportOrder('b');
  expect(order.refusal(report(7))).toBeUndefined();
  order.begin();
  expect(order.refusal(report(7))).toBeUndefined();
  expect(order.refusal(report(7))).toBeDefined();
});

it.each([NaN, Infinity, -1, 0.5, 2 ** 60])('takes no report with the number %d', (seq) => {
  const order = createReportOrder('b');
  expect(order.refusal(report(seq))).toBeDefined();
  expect(order.refusal(report(1))).toBeUndefined();
});

it('takes no report of another process', () => {
  const order = createReportOrder('b');
  expect(order.refusal(report(1, 'other'))).toMatch(/another process/);
  expect(order.refusal(report(1))).toBeUndefined();
});
