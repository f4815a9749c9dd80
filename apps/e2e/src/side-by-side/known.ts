import { compatibleDifferences } from './known-compatible.ts';
import type { KnownDifference } from './known-difference.ts';
import { nativeDifferences } from './known-native.ts';

/** All that may differ. What is not here is a defect. */
export const knownDifferences: readonly KnownDifference[] = [...nativeDifferences, ...compatibleDifferences];

/** Parts of an answer that only one of them sends; they are left out before answers are compared. */
export interface PartOfOne {
  readonly of: 'Ollama' | 'Tutti';
  readonly questions: RegExp;
  /** The part as JSON. */
  readonly part: RegExp;
  readonly why: string;
}

export const partsOfOne: readonly PartOfOne[] = [
  {
    of: 'Tutti',
    questions: /\/v1\/messages/,
    part: /^{"event":"ping"/,
    why: "Anthropic's own server sends a ping after its first event.",
  },
  {
    of: 'Tutti',
    questions: /\/v1\/chat\/completions/,
    part: /"delta":{"role":"assistant","content":""/,
    why: "OpenAI's own server names the role in a piece of its own, and only there.",
  },
  {
    of: 'Ollama',
    questions: /\/api\/generate/,
    part: /"response":"","done":false}$/,
    why: 'A line that says nothing is not passed on.',
  },
];
