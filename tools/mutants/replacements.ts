import type { SyntaxNode } from './syntax.ts';

/** The text of a node. */
type TextOf = (node: SyntaxNode) => string;

type Operator = (node: SyntaxNode, textOf: TextOf) => readonly string[];

/** What each operator of two sides becomes: another boundary, its opposite, its inverse. */
const swaps: Readonly<Record<string, readonly string[]>> = {
  ...{ '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'] },
  ...{ '===': ['!=='], '!==': ['==='], '&&': ['||'], '||': ['&&'] },
  ...{ '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '**': ['*'] },
};

const assignmentSwaps: Readonly<Record<string, string>> = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '??=': '=',
};

const memberSwaps = new Map([
  ['max', 'min'],
  ['min', 'max'],
  ['some', 'every'],
  ['every', 'some'],
]);

const comparisons = new Set(['<', '<=', '>', '>=', '===', '!==', 'in', 'instanceof']);

const arithmetic = new Set(['+', '-', '*', '/', '%', '**']);

const operators: Readonly<Record<string, Operator>> = {
  BinaryExpression: binary,
  UnaryExpression: ({ operator, argument }, textOf) =>
    operator === '!' || operator === '-' ? [textOf(argument as SyntaxNode)] : [],
  UpdateExpression: (node, textOf) => [textOf(node).replace(/\+\+|--/, (sign) => (sign === '++' ? '--' : '++'))],
  AssignmentExpression: ({ left, operator, right }, textOf) => {
    const swap = assignmentSwaps[operator as string];
    return swap ? [`${textOf(left as SyntaxNode)} ${swap} ${textOf(right as SyntaxNode)}`] : [];
  },
  NumericLiteral: ({ value }) => {
    const number = value as number;
    // A large number is a scale: one more or less of it is no other behaviour.
    const others = number < 100 ? [number + 1, number - 1, number * 2] : [number * 2, number / 2];
    return [...new Set(others)].filter((other) => other !== number).map(bracketed);
  },
  BooleanLiteral: ({ value }) => [String(!value)],
  IfStatement: (node) => (leaves(node) ? [';'] : []),
  ExpressionStatement: () => [';'],
  MemberExpression: ({ object, property }, textOf) => {
    const { type, value } = property as SyntaxNode;
    const swap = type === 'Identifier' ? memberSwaps.get(value as string) : undefined;
    return swap ? [`${textOf(object as SyntaxNode)}.${swap}`] : [];
  },
};

/** All that one node may become. Each text parses in the node's place. */
export function replacements(node: SyntaxNode, textOf: TextOf): readonly string[] {
  return operators[node.type]?.(node, textOf) ?? [];
}

/** What a condition may become: its opposite, unless its own operators are turned round anyway. */
export function conditionReplacements(condition: SyntaxNode, textOf: TextOf): readonly string[] {
  const { type, operator } = condition;
  if (type === 'UnaryExpression' || type === 'BooleanLiteral') return [];
  if (type === 'BinaryExpression' && comparisons.has(operator as string)) return [];
  return [`!(${textOf(condition)})`];
}

/** Which constants a function may return instead of what it works out. */
export function constantsFor(returned: SyntaxNode): readonly string[] {
  const { type, operator } = returned;
  if (type.endsWith('Literal') || type === 'Identifier' || type.includes('Function')) return [];
  if (type === 'UnaryExpression' && operator === '!') return ['true', 'false'];
  if (type !== 'BinaryExpression') return ['undefined'];
  if (comparisons.has(operator as string)) return ['true', 'false'];
  return [arithmetic.has(operator as string) ? '0' : 'undefined'];
}

function binary({ left, operator, right }: SyntaxNode, textOf: TextOf): readonly string[] {
  const sides = [left as SyntaxNode, right as SyntaxNode];
  const [first, second] = sides.map(textOf) as [string, string];
  if (operator === '??') return [first, second];
  if (operator === '+' && sides.some(isText)) return [];
  return (swaps[operator as string] ?? []).map((other) => `(${first} ${other} ${second})`);
}

function isText({ type }: SyntaxNode): boolean {
  return type === 'StringLiteral' || type === 'TemplateLiteral';
}

function bracketed(value: number): string {
  return value < 0 ? `(${value})` : String(value);
}

const exits = new Set(['ReturnStatement', 'ThrowStatement', 'ContinueStatement', 'BreakStatement']);

/** Whether the statement leaves the function or the loop early. */
function leaves({ consequent, alternate }: SyntaxNode): boolean {
  if (alternate) return false;
  const { type, stmts } = consequent as SyntaxNode;
  if (type !== 'BlockStatement') return exits.has(type);
  return exits.has((stmts as readonly SyntaxNode[]).at(-1)?.type ?? '');
}
