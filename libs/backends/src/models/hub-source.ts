import { Readable } from 'node:stream';
import { linkedController, throwIfAborted, type Clock } from '@tutti/core';
import type { ModelSource } from './catalogue.ts';
import type { SourceTask } from './source.ts';
import { writePart } from './write-part.ts';

type HubSource = Extract<ModelSource, { kind: 'hub' }>;

const answerTimeoutMs = 3_000;
const stallTimeoutMs = 30_000;

/**
 * Fetches a file from the model hub, or the rest of it. Gives up after 3 s without an answer, or 30 s without a byte.
 */
export async function fetchFromHub(source: HubSource, hubUrl: string, task: SourceTask): Promise<void> {
  if (task.partBytes === task.model.sizeBytes) return;
  const { controller, unlink } = linkedController(task.signal);
  const watchdog = startWatchdog(task.clock, controller);
  const onBytes = (bytes: number) => {
    watchdog.expect(stallTimeoutMs, 'it stopped sending');
    task.onBytes(bytes);
  };
  try {
    watchdog.expect(answerTimeoutMs, `it did not answer within ${answerTimeoutMs / 1000} s`);
    await download(`${hubUrl}/${source.repository}/resolve/${source.revision}/${source.file}`, {
      ...task,
      signal: controller.signal,
      onBytes,
    });
  } catch (thrown) {
    throwIfAborted(task.signal);
    throw controller.signal.aborted ? controller.signal.reason : connectionError(thrown);
  } finally {
    watchdog.stop();
    unlink();
  }
}

async function download(url: string, task: SourceTask): Promise<void> {
  const { partBytes, signal } = task;
  const headers = partBytes > 0 ? { range: `bytes=${partBytes}-` } : undefined;
  const response = await fetch(url, { signal, ...(headers && { headers }) });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`it answered with status ${response.status}`);
  }
  const isRest = response.headers.get('content-range')?.startsWith(`bytes ${partBytes}-`) === true;
  await writePart(Readable.fromWeb(response.body), isRest ? partBytes : 0, task);
}

function startWatchdog(clock: Clock, controller: AbortController) {
  let stop = () => {};
  return {
    expect(withinMs: number, message: string) {
      stop();
      stop = clock.after(withinMs, () => controller.abort(new Error(message)));
    },
    stop: () => stop(),
  };
}

/** fetch hides what happened in the cause; its text names addresses, its code does not. */
function connectionError(thrown: unknown): unknown {
  const { code } = (thrown as { cause?: { code?: unknown } }).cause ?? {};
  return typeof code === 'string' ? new Error(`it cannot be reached (${code})`, { cause: thrown }) : thrown;
}
