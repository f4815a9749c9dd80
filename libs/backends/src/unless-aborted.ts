import { abortError, onAbort } from '@tutti/core';

/** What the promise resolves with, unless the signal aborts first. Nothing stays linked to the signal. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(abortError(signal)));
    promise.then(resolve, reject).finally(forget);
  });
}
