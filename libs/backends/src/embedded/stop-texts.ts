/** Cuts a stream of text at the first of some stop texts, which may be spread over several pieces. */
export interface StopTexts {
  /** Takes the next piece; returns what can surely be shown. */
  push(piece: string): string;
  /** The stop text that was found: everything before it has been returned. Undefined: none yet. */
  readonly found: string | undefined;
  /** What was held back because it could have been the beginning of a stop text. */
  rest(): string;
}

export function stopTexts(stops: readonly string[]): StopTexts {
  let held = '';
  let found: string | undefined;

  return {
    push(piece) {
      held += piece;
      found = firstIn(held, stops);
      const safe =
        found !== undefined
          ? held.indexOf(found)
          : held.length - Math.max(0, ...stops.map((stop) => openSuffixLength(held, stop)));
      const shown = held.slice(0, safe);
      held = found !== undefined ? '' : held.slice(safe);
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

/** Of several that begin at the same place, the one that is named first. */
function firstIn(text: string, stops: readonly string[]): string | undefined {
  const there = stops.filter((stop) => text.includes(stop));
  return there.toSorted((one, other) => text.indexOf(one) - text.indexOf(other))[0];
}
