import { z } from 'zod';
import type { JsonObject } from './json.ts';
import { jsonIn } from './json-in.ts';
import type { RunContext } from './pattern.ts';
import type { Question, Turn } from './question.ts';

/** How much of a wrong answer its author is shown again. */
const mostCharacters = 4_000;

/**
 * Asks for JSON of a shape. What does not fit is repaired once, by a second call that says what is wrong; undefined: the
 * model abstains, as does one that fails.
 */
export async function askFor<T>(
  context: RunContext,
  id: string,
  question: Omit<Question, 'schema'>,
  shape: z.ZodType<T>,
): Promise<T | undefined> {
  const schema = schemaOf(shape);
  const first = await textOf(context, id, { ...question, schema });
  if (first === undefined) return undefined;
  const read = readJson(first, shape);
  if ('value' in read) return read.value;
  const messages = [...question.messages, ...repairing(first, read.wrong, schema)];
  const second = await textOf(context, `${id}.repair`, { ...question, messages, schema });
  const repaired = second === undefined ? undefined : readJson(second, shape);
  if (repaired && 'value' in repaired) return repaired.value;
  context.degraded(`${id}: ${question.model} did not answer in the form that was asked for, and abstains`);
  return undefined;
}

/** Reads JSON of a shape from a model's text, with whatever stands around it; `wrong`: why there is none, for a model. */
export function readJson<T>(text: string, shape: z.ZodType<T>): { readonly value: T } | { readonly wrong: string } {
  let wrong = text.trim() === '' ? 'it was empty' : 'it held no JSON';
  for (const json of jsonIn(text)) {
    const read = shape.safeParse(json);
    if (read.success) return { value: read.data };
    wrong = z.prettifyError(read.error);
  }
  return { wrong };
}

/** The JSON schema of a shape, as backends take it. */
function schemaOf(shape: z.ZodType): JsonObject {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, { io: 'input' });
  return schema as JsonObject;
}

async function textOf(context: RunContext, id: string, question: Question): Promise<string | undefined> {
  try {
    return (await context.ask(id, question).answer).text;
  } catch {
    // The engine has told of it.
    return undefined;
  }
}

function repairing(text: string, wrong: string, schema: JsonObject): readonly Turn[] {
  const content = `That answer cannot be used: ${wrong}\n\nAnswer again, with nothing but JSON that meets this schema:\n${JSON.stringify(schema)}`;
  return [
    { role: 'assistant', content: text.slice(0, mostCharacters) },
    { role: 'user', content },
  ];
}
