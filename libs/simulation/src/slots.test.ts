import { expect, it } from 'vitest';
import { createSlots, type Slot } from './slots.ts';

const prompt = (...tokens: number[]) => ({
  tokens: (tokens.at(-1) ?? 0) + 5,
  prefix: tokens.map((count) => ({ hash: count * 7, tokens: count })),
});

function entered(slots: ReturnType<typeof createSlots>, given = prompt()): { slot?: Slot; leaveLine: () => void } {
  const found: { slot?: Slot; leaveLine: () => void } = { leaveLine: () => {} };
  found.leaveLine = slots.enter(given, (slot) => (found.slot = slot));
  return found;
}

it('lets in first come, first served, and skips who has left the line', () => {
  const slots = createSlots(1);
  const first = entered(slots);
  const [second, third] = [entered(slots), entered(slots)];
  expect([slots.busy, slots.waiting, second.slot]).toEqual([1, 2, undefined]);
  second.leaveLine();
  first.slot?.leave();
  expect(second.slot).toBeUndefined();
  expect(third.slot).toBeDefined();
  expect([slots.busy, slots.waiting]).toEqual([1, 0]);
});

it('knows the beginning of a prompt that it had last', () => {
  const slots = createSlots(1);
  entered(slots, prompt(10, 20)).slot?.leave();
  expect(entered(slots, prompt(10, 20, 40)).slot?.cachedTokens).toBe(20);
});

it('reads at least one token', () => {
  const slots = createSlots(1);
  const whole = { tokens: 20, prefix: [{ hash: 1, tokens: 20 }] };
  entered(slots, whole).slot?.leave();
  expect(entered(slots, whole).slot?.cachedTokens).toBe(19);
});

it('keeps of a prompt only what was read', () => {
  const slots = createSlots(1);
  entered(slots, prompt(10, 20)).slot?.leave(15);
  expect(entered(slots, prompt(10, 20, 40)).slot?.cachedTokens).toBe(10);
});

it('puts a call where most of its prompt is, and never where another one runs', () => {
  const slots = createSlots(2);
  const [short, long] = [entered(slots, prompt(10)), entered(slots, prompt(10, 20, 30))];
  short.slot?.leave();
  long.slot?.leave();
  const next = entered(slots, prompt(10, 20, 30, 40));
  expect(next.slot?.cachedTokens).toBe(30);
  expect(entered(slots, prompt(10, 20, 30, 50)).slot?.cachedTokens).toBe(10);
});
