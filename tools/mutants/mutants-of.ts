import type { Mutant } from './mutant.ts';
import { conditionReplacements, constantsFor, replacements } from './replacements.ts';
import { childrenOf, syntaxOf, type SyntaxNode } from './syntax.ts';

/** Every mutant of one file, in the order of its lines. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const { tree, range, text } = syntaxOf(source);
  const lines = source.split('\n');
  const mutants: Mutant[] = [];

  const add = (node: SyntaxNode, texts: readonly string[]): void => {
    if (texts.length === 0) return;
    const { start, end } = range(node);
    const before = source.slice(0, start).split('\n');
    const line = before.length;
    const at = lines[line - 1]?.trim() ?? '';
    const column = before.at(-1)!.trimStart().length;
    const original = text(node);
    for (const replacement of texts) mutants.push({ file, line, at, column, start, end, original, replacement });
  };

  const visit = (node: SyntaxNode): void => {
    add(node, replacements(node, text));
    const condition = conditionOf(node);
    if (condition) add(condition, conditionReplacements(condition, text));
    const returned = returnedBy(node);
    if (returned) add(returned, constantsFor(returned));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(tree);
  return mutants;
}

function conditionOf({ type, test }: SyntaxNode): SyntaxNode | undefined {
  return type === 'IfStatement' || type === 'ConditionalExpression' || type === 'WhileStatement'
    ? (test as SyntaxNode)
    : undefined;
}

function returnedBy({ type, argument, body }: SyntaxNode): SyntaxNode | undefined {
  if (type === 'ReturnStatement') return (argument as SyntaxNode | null) ?? undefined;
  if (type !== 'ArrowFunctionExpression') return undefined;
  const answer = body as SyntaxNode;
  return answer.type.endsWith('Statement') || answer.type === 'FunctionBody' ? undefined : answer;
}
