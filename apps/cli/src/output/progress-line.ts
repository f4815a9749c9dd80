import { bytes } from './format.ts';

/** How far something is, on one line of a terminal; elsewhere a line for each tenth. */
export interface ProgressLine {
  /** `total` undefined: nobody knows. In bytes. */
  show(label: string, done: number, total: number | undefined): void;
  /** Leaves the line as it is; what is printed next begins on its own. */
  close(): void;
}

const barWidth = 20;
const tenths = 10;

export function createProgressLine({ stderr } = process): ProgressLine {
  let open = false;
  let last = '';
  const close = (): void => {
    if (open) stderr.write('\n');
    open = false;
    last = '';
  };
  return {
    close,
    show(label, done, total) {
      const part = total ? Math.min(1, done / total) : 0;
      if (stderr.isTTY) {
        if (label !== last) close();
        stderr.write(`\r\u001B[K${label}  ${bar(part)}  ${amount(done, total)}`);
        open = true;
        last = label;
        return;
      }
      const step = `${label} ${Math.floor(part * tenths)}`;
      if (step !== last) stderr.write(`${label}: ${amount(done, total)}\n`);
      last = step;
    },
  };
}

function bar(part: number): string {
  const full = Math.round(part * barWidth);
  return `${String(Math.floor(part * 100)).padStart(3)}% [${'#'.repeat(full)}${' '.repeat(barWidth - full)}]`;
}

function amount(done: number, total: number | undefined): string {
  return total === undefined ? bytes(done) : `${bytes(done)} of ${bytes(total)}`;
}
