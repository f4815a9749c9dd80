/** Where Tutti is known to answer differently from an Ollama. */
export interface KnownDifference {
  /** Names of questions. */
  readonly questions: RegExp;
  /** What `differencesOf` says. */
  readonly difference: RegExp;
  readonly why: string;
}

/** A refusal in place of an answer, or in other words. */
export const refused = /^(status: \d+ -> 40[04]$|contentType: |body|parts)/;

/** An answer in place of a refusal. */
export const served = /^(status: 400 -> 200$|contentType: |body)/;
