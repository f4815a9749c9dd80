/** Cuts a stream of text at the first of some stop texts, which may be spread over several pieces. */
export interface StopTexts {
  /** Takes the next piece; returns what can surely be shown. */
  push(piece: string): string;
  /** Whether a stop text was found: everything before it has been returned. */
  readonly found: boolean;
  /** What was held back because it could have been the beginning of a stop text. */
  rest(): string;
}

export function stopTexts(stops: readonly string[]): StopTexts {
  let held = '';
  let found = false;

  return {
    push(piece) {
      held += piece;
      const at = firstIndexOfAny(held, stops);
      found = at >= 0;
      const safe = found ? at : held.length - Math.max(0, ...stops.map((stop) => openSuffixLength(held, stop)));
      const shown = held.slice(0, safe);
      held = found ? '' : held.slice(safe);
      return shown;
    },
    get found() {
      return found;
    },
    rest() {
      const shown = held;
      held = '';
      return shown;
    },
  };
}

/** Length of the longest end of `text` with which `stop` begins, short of all of `stop`. */
export function openSuffixLength(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

function firstIndexOfAny(text: string, stops: readonly string[]): number {
  const indexes = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  return indexes.length === 0 ? -1 : Math.min(...indexes);
}
