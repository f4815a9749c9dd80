import { setImmediate } from 'node:timers/promises';

/** Rows that are deleted before others may use the event loop: about 2 ms, if few of them are as large as allowed. */
const stepRows = 50;

/** Deletes rows, so many at once as it is told, until none is left; others run between. Returns how many. */
export async function deletedInSteps(deleteRows: (limit: number) => number): Promise<number> {
  let deleted = 0;
  for (;;) {
    const rows = deleteRows(stepRows);
    deleted += rows;
    if (rows < stepRows) return deleted;
    await setImmediate();
  }
}
