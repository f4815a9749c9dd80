import { afterEach } from 'vitest';
import { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from './fake-ollama.ts';

export const chatModel = 'smollm2:135m';

/** Returns a function that starts fakes; they are closed after each test of the file. */
export function fakesForTests(): (options?: FakeOllamaOptions) => Promise<FakeOllama> {
  const open: FakeOllama[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((fake) => fake.close()));
  });
  return async (options) => {
    const fake = await startFakeOllama(options);
    open.push(fake);
    return fake;
  };
}

export function user(content: string): { role: string; content: string }[] {
  return [{ role: 'user', content }];
}

export function post(fake: FakeOllama, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${fake.url}${path}`, { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) });
}

/** The objects of an NDJSON answer that is read to its end. */
export async function lines(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
}
