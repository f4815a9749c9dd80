import { create } from '@bufbuild/protobuf';
import { CallSchema, type Call } from '@tutti/proto/tutti/agent/v1/call';
import type { FleetCall } from '../fleet/workload.ts';

const filler = 'the quiet harbour sways while seven lanterns turn above the night ferry home and '.repeat(700);

/** A call as an orchestrator gets it. Prompts that share marks share their beginning, and no more. */
export function callOf({ model, kind, numCtx, prefix }: FleetCall): Call {
  const parts = prefix.map(({ hash, tokens }, index) => {
    const characters = Math.round((tokens - (prefix[index - 1]?.tokens ?? 0)) * charactersPerToken(model));
    return `${hash} ${filler.slice(0, characters)}`.slice(0, Math.max(1, characters));
  });
  return create(CallSchema, {
    model,
    ...(numCtx !== undefined && { numCtx: { preferred: numCtx } }),
    kind:
      kind === 'embed'
        ? { case: 'embed', value: { inputs: parts } }
        : { case: 'chat', value: { messages: parts.map(messageOf) } },
  });
}

function messageOf(text: string, index: number) {
  return { role: index === 0 ? 'system' : 'user', parts: [{ kind: { case: 'text' as const, value: text } }] };
}

/** Tokenizers differ: 3.4 to 4.6. */
function charactersPerToken(model: string): number {
  const mixed = Array.from(model).reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 1_000, 7);
  return 3.4 + 1.2 * (mixed / 1_000);
}
