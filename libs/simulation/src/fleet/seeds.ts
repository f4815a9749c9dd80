/** Seeds of a fleet's machines and calls. */
interface Seeds {
  /** May be looked at while something is tuned. */
  readonly tuning: readonly number[];
  /** Only tell afterwards whether what was tuned holds. */
  readonly heldOut: readonly number[];
}

/** What is measured if nobody says otherwise. */
export const fleetSeeds = {
  n3: { tuning: [1, 2, 3], heldOut: [301, 302] },
  n8: { tuning: [1, 2, 3], heldOut: [801, 802] },
  n30: { tuning: [1, 2, 3], heldOut: [3001, 3002] },
} as const satisfies Record<string, Seeds>;
