import { asFields, asString, invalid, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { asEffort } from '../openai/options.ts';

interface Reasoning {
  /** As Call.think has it. */
  readonly think: string | undefined;
  /** Whether a summary is wanted: there is no other than the reasoning itself. */
  readonly summary: boolean;
}

const summaries: readonly string[] = ['auto', 'concise', 'detailed'];

/** `reasoning`: how much of it, and how it is told. */
export function asReasoning(value: Value): Reasoning {
  const fields = asFields(value);
  const think = fields.take('effort', asEffort);
  const older = fields.take('generate_summary', expectSummary);
  const summary = fields.take('summary', expectSummary) ?? older ?? false;
  const rest = fields.rest();
  const [unknown] = rest === '' ? [] : (members(rest).find(([, raw]) => raw !== 'null') ?? []);
  if (unknown === undefined) return { think, summary };
  throw invalid(`${value.path}.${unknown}`, `Unknown parameter: '${value.path}.${unknown.slice(0, 100)}'.`);
}

function expectSummary(value: Value): true {
  const wanted = asString(value);
  if (summaries.includes(wanted)) return true;
  throw invalid(
    value.path,
    `field "${value.path}" must be one of ${summaries.join(', ')}, got ${JSON.stringify(wanted)}`,
  );
}
