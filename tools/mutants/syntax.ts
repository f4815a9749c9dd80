import { parseSync } from '@swc/core';

/** A node of the syntax tree. Which other fields it has depends on its type. */
export interface SyntaxNode {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

/** A source file read: its tree, and the text of each node. */
export interface Syntax {
  readonly tree: SyntaxNode;
  /** Where the node stands, in characters. */
  range(node: SyntaxNode): { start: number; end: number };
  text(node: SyntaxNode): string;
}

/** Reads TypeScript. */
export function syntaxOf(source: string): Syntax {
  // Spans count bytes from a base of the parser's own. The empty statement in front shows where that base is.
  const tree = parseSync(`;${source}`, { syntax: 'typescript', target: 'es2024' }) as unknown as SyntaxNode;
  const base = tree.span.start + 1;
  const bytes = Buffer.from(source);
  const characters = (offset: number): number => bytes.toString('utf8', 0, offset - base).length;

  const range = ({ span }: SyntaxNode) => ({ start: characters(span.start), end: characters(span.end) });
  return {
    tree,
    range,
    text: ({ span }) => bytes.toString('utf8', span.start - base, span.end - base),
  };
}

/** The nodes directly below a node that run: types are left out. */
export function* childrenOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      const child = nodeIn(item);
      if (child && !isType(child)) yield child;
    }
  }
}

/** Arguments of a call and elements of an array are wrapped in an object without a type. */
function nodeIn(item: unknown): SyntaxNode | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  if ('type' in item && 'span' in item) return item as SyntaxNode;
  return 'expression' in item ? nodeIn(item.expression) : undefined;
}

/** What wraps an expression in TypeScript is no type: `x as T`, `x!`, `x satisfies T`. */
const wrappers = new Set(['TsAsExpression', 'TsNonNullExpression', 'TsSatisfiesExpression', 'TsConstAssertion']);

function isType({ type }: SyntaxNode): boolean {
  return (type.startsWith('Ts') && !wrappers.has(type)) || type === 'ImportDeclaration';
}
