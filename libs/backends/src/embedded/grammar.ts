import { ClusterError } from '@tutti/core';
import type { Format } from '@tutti/proto/tutti/agent/v1/call';
import type { LlamaGrammarEvaluationState, LlamaModel } from 'node-llama-cpp';
import { toGrammarSchema } from './json-schema.ts';
import type { Runtime } from './runtime.ts';

const anyObject = '{"type":"object"}';

/**
 * What holds an answer to its format, from its first token on; for one answer only. Throws `invalid_request` for a bad
 * schema.
 */
export async function grammarState(
  format: Format | undefined,
  model: LlamaModel,
  { library, llama }: Runtime,
): Promise<LlamaGrammarEvaluationState | undefined> {
  if (format?.kind.case === undefined) return undefined;
  const schemaText = format.kind.case === 'schemaJson' ? format.kind.value : anyObject;
  try {
    const schema = toGrammarSchema(parse(schemaText), format.strict);
    const built = await llama.createGrammarForJsonSchema(schema);
    const grammar = await llama.createGrammar({ grammar: tightened(built.grammar) });
    return new library.LlamaGrammarEvaluationState({ model, grammar });
  } catch (thrown) {
    if (thrown instanceof ClusterError) throw thrown;
    const message = 'the JSON schema is too large or not supported by the embedded engine: make it simpler';
    throw new ClusterError('invalid_request', message, { param: 'format', cause: thrown });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new ClusterError('invalid_request', 'format is not valid JSON', { param: 'format', cause: thrown });
  }
}

/** The builder lets numbers have exponents of 16 digits, and asks for blank lines at the end to make models stop. */
function tightened(grammar: string): string {
  return grammar.replaceAll(' ([eE] [-+]? ("0" | [1-9] [0-9]{0,15}))?', '').replace(String.raw`"\n\n\n\n" [\n]*`, '""');
}
