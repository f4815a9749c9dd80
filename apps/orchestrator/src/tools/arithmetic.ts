import { ClusterError } from '@tutti/core';

const longest = 500;

const constants: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

const functions: Readonly<Record<string, (...values: number[]) => number>> = {
  ...{ abs: Math.abs, ceil: Math.ceil, floor: Math.floor, round: Math.round, sqrt: Math.sqrt },
  ...{ exp: Math.exp, ln: Math.log, log10: Math.log10, log2: Math.log2 },
  ...{ sin: Math.sin, cos: Math.cos, tan: Math.tan, min: Math.min, max: Math.max },
};

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};

const token = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|([a-zA-Z][a-zA-Z0-9]*)|(\*\*|[-+*/%^(),]))\s*/y;

/**
 * The value of an expression: numbers, + - * / % ^, parentheses, functions and constants. Powers bind closest and to the
 * right; a sign before them applies to their value. Throws `invalid_request` with what is wrong.
 */
export function arithmetic(expression: string): number {
  const tokens = tokensOf(expression);
  let at = 0;

  const take = (wanted: string): void => {
    if (tokens[at] !== wanted) throw unexpected(tokens[at], `"${wanted}"`);
    at += 1;
  };
  const oneOf = (...wanted: readonly string[]): string | undefined => {
    const found = tokens[at];
    if (found === undefined || !wanted.includes(found)) return undefined;
    at += 1;
    return found;
  };
  const leftToRight = (part: () => number, ...operators: readonly string[]): number => {
    let value = part();
    for (let found = oneOf(...operators); found !== undefined; found = oneOf(...operators)) {
      value = operations[found]!(value, part());
    }
    return value;
  };
  const sum = (): number => leftToRight(product, '+', '-');
  const product = (): number => leftToRight(signed, '*', '/', '%');
  const signed = (): number => {
    const sign = oneOf('+', '-');
    if (sign === undefined) return power();
    return sign === '-' ? -signed() : signed();
  };
  const power = (): number => {
    const base = primary();
    return oneOf('^', '**') === undefined ? base : base ** signed();
  };
  const primary = (): number => {
    if (oneOf('(') !== undefined) {
      const value = sum();
      take(')');
      return value;
    }
    const found = tokens[at];
    if (found === undefined || !/^[.\da-zA-Z]/.test(found)) throw unexpected(found, 'a number');
    at += 1;
    return /^[a-zA-Z]/.test(found) ? named(found.toLowerCase()) : Number(found);
  };
  const named = (name: string): number => {
    if (Object.hasOwn(constants, name)) return constants[name]!;
    if (!Object.hasOwn(functions, name)) throw refused(`there is no "${name}"`);
    take('(');
    const values = [sum()];
    while (oneOf(',') !== undefined) values.push(sum());
    take(')');
    if (values.length > 1 && name !== 'min' && name !== 'max') throw refused(`"${name}" takes one number`);
    return functions[name]!(...values);
  };

  const value = sum();
  if (at < tokens.length) throw unexpected(tokens[at], 'the end');
  if (!Number.isFinite(value)) throw refused('the result is no number, or too large for one');
  return value;
}

function tokensOf(expression: string): readonly string[] {
  if (expression.length > longest) throw refused(`it has ${expression.length} characters, ${longest} are possible`);
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < expression.length) {
    const begin = token.lastIndex;
    const match = token.exec(expression);
    if (!match) throw refused(`"${expression.slice(begin, begin + 10)}" is not understood`);
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  return tokens;
}

function unexpected(found: string | undefined, wanted: string): ClusterError {
  return refused(`${wanted} is missing ${found === undefined ? 'at the end' : `before "${found}"`}`);
}

function refused(what: string): ClusterError {
  return new ClusterError('invalid_request', `The expression cannot be computed: ${what}.`);
}
