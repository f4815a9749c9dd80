import { z } from 'zod';
import { arithmetic } from './arithmetic.ts';
import { defineTool, type DefinedTool } from './define-tool.ts';

/** Digits that are right in spite of binary fractions. */
const digits = 15;

/** Computes what models guess. */
export const calculator: DefinedTool = defineTool({
  name: 'calculator',
  description: 'Computes an expression, like "(3 + 4) * 2 ^ 10 / sqrt(2)". Use it for any calculation.',
  shape: z.object({ expression: z.string().min(1) }),
  run: async ({ expression }) => String(Number(arithmetic(expression).toPrecision(digits))),
});
