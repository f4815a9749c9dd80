/** Tells the process that started this one, if there is one that listens. */
export function tellParent(message: object): void {
  process.send?.(message);
}

/** Tells the parent that this process serves, and where. */
export function announceReady(facts: Readonly<Record<string, string | number | boolean>>): void {
  tellParent({ ready: facts });
}
