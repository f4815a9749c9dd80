import { asFields, oneOf, type Value } from '../json/fields.ts';
import { asEffort } from '../openai/options.ts';
import { refuseUnknown } from './refused.ts';

interface Reasoning {
  /** As Call.think has it. */
  readonly think: string | undefined;
  /** Whether a summary is wanted: there is no other than the reasoning itself. */
  readonly summary: boolean;
}

const asSummary = oneOf({ auto: true, concise: true, detailed: true });

/** `reasoning`: how much of it, and how it is told. */
export function asReasoning(value: Value): Reasoning {
  const fields = asFields(value);
  const think = fields.take('effort', asEffort);
  const older = fields.take('generate_summary', asSummary);
  const summary = fields.take('summary', asSummary) ?? older ?? false;
  refuseUnknown(fields, `${value.path}.`);
  return { think, summary };
}
