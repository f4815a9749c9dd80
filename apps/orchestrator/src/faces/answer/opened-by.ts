/** Puts what opens a stream before its first text. */
export function openedBy(start: () => string): (text: string) => string {
  let started = false;
  return (text) => {
    if (started) return text;
    started = true;
    return start() + text;
  };
}
