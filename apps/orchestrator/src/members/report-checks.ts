/** What a number may be. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** Checks values one by one and collects what was wrong with them: a sentence each, each once. */
export interface Checks {
  readonly warnings: readonly string[];
  warn(sentence: string): void;
  /** The number, or the nearest that can be; the least where it is none. */
  clamped(what: string, value: number, range: Range): number;
  /** The number; undefined where it cannot be. */
  known(what: string, value: number | undefined, range: Range): number | undefined;
  /** The text on one line, cut where it is too long. */
  text(what: string, value: string, most: number): string;
  /** The text; "" where it is no JSON object. */
  jsonObject(what: string, value: string): string;
}

const mostWarnings = 20;
const mostJsonLength = 16_384;

/** Characters that could forge a line of a log, or hide in a name. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

export function createChecks(): Checks {
  const warnings = new Set<string>();
  let more = 0;

  const warn = (sentence: string): void => {
    if (warnings.has(sentence)) return;
    if (warnings.size < mostWarnings) warnings.add(sentence);
    else more += 1;
  };

  return {
    get warnings() {
      return more === 0 ? [...warnings] : [...warnings, `There is more: ${more} other values were not as they can be.`];
    },
    warn,
    clamped(what, value, { least, most }) {
      if (value >= least && value <= most) return value;
      const taken = value > most ? most : least;
      warn(`${what} was ${value}: taken as ${taken}.`);
      return taken;
    },
    known(what, value, { least, most }) {
      if (value === undefined || (value >= least && value <= most)) return value;
      warn(`${what} was ${value}: taken as unknown.`);
      return undefined;
    },
    text(what, value, most) {
      const text = printable(value, most);
      if (text !== value) warn(`${what} was too long or not printable: made to fit.`);
      return text;
    },
    jsonObject(what, value) {
      if (value === '' || isJsonObject(value)) return value;
      warn(`${what} was no JSON object of at most ${mostJsonLength} characters: left out.`);
      return '';
    },
  };
}

/** Fit for a line of text. */
export function printable(text: string, most: number): string {
  return text.slice(0, most).replace(unprintable, ' ');
}

function isJsonObject(text: string): boolean {
  if (text.length > mostJsonLength) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
