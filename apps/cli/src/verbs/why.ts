import type { Command } from 'commander';
import type { Explanation } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { describeExplanation } from '../output/explanation.ts';

export function declareWhy(command: Command): void {
  startsWithExamples(command, 'tutti why 5f0c9a52-1f3e-4f6e-9f0e-6a1d1c0b7f11', 'tutti why my-request --json');
  command.argument('<request>', 'its id: x-request-id of the answer, or as "tutti run --verbose" shows it');
  onCluster(command, async ({ client, output }, request) => {
    const path = `/api/requests/${encodeURIComponent(request)}/why`;
    const explanation = await client.json<Explanation>('GET', path);
    output.answer(explanation, () => describeExplanation(explanation, Date.now()));
    output.next(`tutti logs --request ${request}`);
  });
}
