/** A part of what was learnt, such as the speeds of one node. */
export interface EstimatesRecord {
  /** Names the part; unique. */
  readonly part: string;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  /** Plain JSON, which whoever learnt it can read. */
  readonly document: unknown;
}

/** What was learnt of nodes and models, in parts: of two orchestrators that save one part, the later one is right. */
export interface EstimatesRepository {
  /** Puts each in place of the one of its part, by itself: if one cannot be kept, others may be. */
  save(records: readonly EstimatesRecord[]): Promise<void>;
  /** All, by part. What another version of Tutti keeps differently is left out. */
  load(): Promise<EstimatesRecord[]>;
}
