import { ClusterError } from '@tutti/core';
import { expect } from 'vitest';

/** What is said of a value of another type. */
export const mustBe = {
  string: 'must be a string',
  boolean: 'must be a boolean',
  number: 'must be a number',
  array: 'must be an array',
  object: 'must be an object',
  content: 'must be a string or an array',
} as const;

/** The error of ours that something throws; undefined: it throws none. */
export function faultIn(act: () => unknown): ClusterError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterError);
    return error as ClusterError;
  }
}

/** A body as text, with another value at a path such as `messages[0].content`. */
export function withValue(body: object, path: string, value: unknown): string {
  const changed = structuredClone(body) as Record<string, unknown>;
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  let holder = changed;
  for (const step of steps.slice(0, -1)) holder = holder[step] as Record<string, unknown>;
  holder[steps.at(-1) ?? ''] = value;
  return JSON.stringify(changed);
}

/** That `fault` is about a value of the wrong type at `path`. */
export function expectWrongType(fault: ClusterError | undefined, path: string, value: unknown, expected: string): void {
  const got = Array.isArray(value) ? 'array' : typeof value;
  expect(fault).toMatchObject({
    reason: 'invalid_request',
    param: path,
    message: `field "${path}" ${expected}, got ${got}`,
  });
}
