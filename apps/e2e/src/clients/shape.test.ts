import { expect, it } from 'vitest';
import { shapeDifference, shapeOf } from './shape.ts';

it('tells each place once, whatever stands there', () => {
  const answer = { done: true, message: { content: 'hi', images: null }, calls: [{ id: 1 }, { id: 2, name: 'a' }] };
  const places = ['calls[].id: number', 'calls[].name: string', 'done: boolean', 'message.content: string'];
  expect(shapeOf(answer)).toEqual([...places, 'message.images: null']);
});

it('tells what one answer has and the other has not', () => {
  expect(shapeDifference({ a: 1, b: [{ c: 'x' }] }, { a: '1', b: [{ c: 'y' }] })).toEqual({
    added: ['a: number'],
    missing: ['a: string'],
  });
});
