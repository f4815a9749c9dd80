/** How long something takes already, on one line of a terminal; elsewhere nothing. */
export interface ElapsedLine {
  /** Takes the line away. */
  close(): void;
}

const everyMs = 1_000;

export function createElapsedLine(label: string, { stderr } = process): ElapsedLine {
  if (!stderr.isTTY) return { close() {} };
  let seconds = 0;
  const show = (): void => void stderr.write(`\r\u001B[K${label} ${seconds++} s`);
  show();
  const timer = setInterval(show, everyMs);
  return {
    close() {
      clearInterval(timer);
      stderr.write('\r\u001B[K');
    },
  };
}
