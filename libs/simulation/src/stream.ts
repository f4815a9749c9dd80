import type { Processor } from './processor.ts';

/** A call at work: it reads its prompt, then generates. */
export interface Stream {
  /** Prompt tokens read so far. */
  readTokens(): number;
  /** Tokens out so far. */
  outputTokens(): number;
  stop(): void;
}

interface StreamTask {
  /** Prompt tokens to read. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Tokens a second of one stream alone. */
  readonly prefillSpeed: number;
  readonly decodeSpeed: number;
  /** Streams of one runner have the same. */
  readonly group: object;
  /** The first token is out; not called if there is none. */
  readonly firstToken: () => void;
  readonly ended: () => void;
}

/** The first token is out when the prompt is read; the last one is followed by a step that finds the end. */
export function startStream(processor: Processor, task: StreamTask): Stream {
  const { group, promptTokens } = task;
  let decode: ReturnType<Processor['start']> | undefined;
  const prefill = processor.start({ group, amount: promptTokens, speed: task.prefillSpeed, done: generate });

  function generate(): void {
    if (task.outputTokens <= 0) return task.ended();
    decode = processor.start({ group, amount: task.outputTokens, speed: task.decodeSpeed, done: task.ended });
    task.firstToken();
  }

  return {
    readTokens: () => (decode ? promptTokens : Math.floor(prefill.progress)),
    outputTokens: () => (decode ? Math.min(task.outputTokens, 1 + Math.floor(decode.progress)) : 0),
    stop() {
      prefill.stop();
      decode?.stop();
    },
  };
}
