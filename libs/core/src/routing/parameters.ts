/** What the planner can be told. Times are milliseconds. */
export interface PlanParameters {
  /** How much an eviction's loss to others counts against one's own time. */
  readonly evictionWeight: number;
  /** Part of a model's reload that is charged when only its context grows: it is back at once. */
  readonly growthPart: number;
  /** How far ahead a model counts as likely to be asked for again. */
  readonly horizonMs: number;
  /** Most of those who wait for a model that share the charge of its load. */
  readonly mostSharers: number;
  /** A call that has waited for so long may make busy models leave. */
  readonly drainAfterMs: number;
  /** Calls of one kind that are looked at in a pass once they cannot start. */
  readonly perModel: number;
  /** Calls that a runner gets beyond its slots, so that it never stands idle while the next one travels. */
  readonly ahead: number;
  /** They get it only if a slot is predicted to be free so soon: until then, another node may be. */
  readonly aheadMs: number;
  /** Embeddings in flight on a runner: the agent joins them. */
  readonly embeddings: number;
  /** Part of its own time that a call loses to each other call of its runner. */
  readonly slowBySame: number;
  /** Part of its own time that a call loses to each call of the node's other runners. */
  readonly slowByOthers: number;
  /** Context length to load with if nobody says, in tokens. */
  readonly defaultContext: number;
  /** How far an estimate of a prompt may be over the trained context before the call is refused. */
  readonly contextSlack: number;
}

/** From a simulation of three unequal fleets; anything within half or twice of each did no worse than 7 %. */
export const defaultParameters: PlanParameters = {
  evictionWeight: 1.5,
  growthPart: 0.3,
  horizonMs: 60_000,
  mostSharers: 4,
  // 45 to 90 s were equal; 30 s costs up to 14 %, 15 s up to 60 %.
  drainAfterMs: 45_000,
  perModel: 12,
  ahead: 1,
  aheadMs: 2_000,
  embeddings: 32,
  slowBySame: 0.2,
  slowByOthers: 0.9,
  // Ollama's own default.
  defaultContext: 4_096,
  // Before a model was used its tokens are counted too many, by half in plain words; a backend counts them exactly.
  contextSlack: 2,
};
