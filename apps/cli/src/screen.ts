import type { Progress } from './child.ts';

/** Where `up` shows what happens: what was asked for goes to stdout, talk to stderr. */
export interface Screen {
  /** Part of the answer to the command. */
  print(text: string): void;
  /** A sentence beside it. */
  notice(sentence: string): void;
  progress(progress: Progress): void;
  /** The whole answer as an object; the only thing printed with `--json`. */
  object(value: object): void;
}

/** Without a terminal, a line of progress for each tenth is enough. */
const tenths = 10;

export function createScreen(json: boolean): Screen {
  const { stdout, stderr } = process;
  // Whoever reads only the first line closes the pipe.
  stdout.on('error', () => {});
  let lastTenth = -1;
  let lineOpen = false;
  const closeLine = (): void => {
    if (lineOpen) stderr.write('\n');
    lineOpen = false;
  };
  return {
    print(text) {
      closeLine();
      if (!json) stdout.write(text);
    },
    notice(sentence) {
      closeLine();
      stderr.write(`${sentence}\n`);
    },
    progress(progress) {
      const line = describe(progress);
      if (stderr.isTTY) {
        stderr.write(`\r\u001B[K${line}`);
        lineOpen = true;
        return;
      }
      const tenth = Math.floor((tenths * progress.receivedBytes) / (progress.totalBytes ?? Infinity));
      if (tenth !== lastTenth) stderr.write(`${line}\n`);
      lastTenth = tenth;
    },
    object(value) {
      if (json) stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

function describe({ model, source, receivedBytes, totalBytes }: Progress): string {
  const total = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
  return `Fetching ${model} from ${source}: ${megabytes(receivedBytes)}${total} MB`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
