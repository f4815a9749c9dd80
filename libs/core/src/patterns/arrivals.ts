import { ClusterError } from '../error.ts';
import type { Asked } from './pattern.ts';

/** How something that was asked ended. */
export type Arrival<T> =
  | { readonly index: number; readonly value: T; readonly error?: undefined }
  | { readonly index: number; readonly value?: undefined; readonly error: ClusterError };

/** The answers as they come, with the place of each in the list. What is left is not dropped by leaving early. */
export async function* arrivals<T>(asked: readonly Asked<T>[]): AsyncGenerator<Arrival<T>, void, void> {
  const come: Arrival<T>[] = [];
  let wake = (): void => {};
  const add = (arrival: Arrival<T>): void => {
    come.push(arrival);
    wake();
  };
  for (const [index, { answer }] of asked.entries()) {
    answer.then(
      (value) => add({ index, value }),
      (thrown: unknown) => add({ index, error: ClusterError.from(thrown) }),
    );
  }
  for (let told = 0; told < asked.length; told++) {
    while (come.length === told) await new Promise<void>((resolve) => (wake = resolve));
    yield come[told]!;
  }
}
