const digits = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+`;
const one = String.raw`(?<![\w.)\]])[-+]?(?:${digits})(?:e[-+]?\d{1,3}\b)?`;
const number = new RegExp(one, 'gi');
const leading = new RegExp(String.raw`^(?:[a-z]\w{0,9} ?= ?)?[€£¥₹~≈]? ?(${one})`, 'i');
const ratio = /^([-+]?\d{1,15}) ?\/ ?(\d{1,15})(?![\d/])/;

/** Where a number goes on as a date, a time, a range, a version or an ordinal. */
const more = /^(?:[-/:.,–]\d|st\b|nd\b|rd\b|th\b)/;

/** More digits than a double can tell apart. */
const mostDigits = 15;

/** The number that a short answer is, whatever unit follows; undefined: it is none. */
export function numberAtStart(text: string): string | undefined {
  const plain = plainNumbers(text);
  const last = plain.slice(plain.lastIndexOf('=') + 1).trim();
  const parts = ratio.exec(last);
  if (parts && Number(parts[2]) !== 0) return shortest(Number(parts[1]) / Number(parts[2]));
  const found = leading.exec(last);
  if (!found?.[1] || more.test(last.slice(found[0].length))) return undefined;
  return canonicalNumber(found[1]);
}

/** The last number that a text names. */
export function lastNumber(text: string): string | undefined {
  const found = plainNumbers(text).match(number)?.at(-1);
  return found === undefined ? undefined : canonicalNumber(found);
}

/** Every number that a text names. */
export function numbersIn(text: string): readonly string[] {
  return (plainNumbers(text).match(number) ?? []).map(canonicalNumber);
}

/** One text for one value: "1,234.50", "+1234.5" and "1.2345e3" are "1234.5". */
function canonicalNumber(written: string): string {
  const plain = written.replaceAll(',', '');
  const whole = /^([-+]?)0*(\d+)$/.exec(plain);
  if (whole && whole[2]!.length > mostDigits) return `${whole[1] === '-' ? '-' : ''}${whole[2]}`;
  return shortest(Number(plain));
}

function shortest(value: number): string {
  return String(Number(value.toPrecision(12)) + 0);
}

/** Writes minus signs, grouped digits and fractions as programs do, and drops the marks of LaTeX and money. */
function plainNumbers(text: string): string {
  return text
    .replace(/(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))/g, ',')
    .normalize('NFKC')
    .replace(/\\[dt]?frac ?\{([^{}]{1,20})\}\{([^{}]{1,20})\}/g, '$1/$2')
    .replace(/\\[,!;: ]|[$*]|\\(?=[%$])/g, '')
    .replace(/[−‒]/g, '-');
}
