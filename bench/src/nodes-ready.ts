import { setTimeout as sleep } from 'node:timers/promises';

const longestMs = 60_000;

/** Waits until an orchestrator has so many nodes that take calls. */
export async function nodesReady(url: string, count: number): Promise<void> {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const { nodes } = (await (await fetch(`${url}/health`)).json()) as { nodes: { healthy: number } };
    if (nodes.healthy === count) return;
    if (performance.now() > deadline) throw new Error(`${nodes.healthy} of ${count} nodes are ready`);
    await sleep(100);
  }
}
