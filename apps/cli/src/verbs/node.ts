import type { Command } from 'commander';
import type { Node } from '../connection/api.ts';
import type { Method } from '../connection/client.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { nodeSheet } from '../output/node-sheet.ts';
import { declareDrain } from './node-drain.ts';

interface Step {
  readonly summary: string;
  readonly method: Method;
  readonly path: string;
  readonly done: (node: Node) => string;
  readonly next: (name: string) => string;
}

const steps: Readonly<Record<string, Step>> = {
  cordon: {
    summary: 'give a node no new calls until it is uncordoned',
    method: 'POST',
    path: '/cordon',
    done: ({ name }) => `Node ${name} gets no new calls.`,
    next: (name) => `tutti node uncordon ${name}`,
  },
  uncordon: {
    summary: 'give a node calls again',
    method: 'POST',
    path: '/uncordon',
    done: ({ name }) => `Node ${name} gets calls again.`,
    next: () => 'tutti nodes',
  },
  rm: {
    summary: 'cut a node off at once: its certificate counts no more',
    method: 'DELETE',
    path: '',
    done: ({ name }) => `Node ${name} is cut off. To come back, it joins with a new token.`,
    next: () => 'tutti nodes',
  },
};

export function declareNode(command: Command): void {
  startsWithExamples(
    command,
    'tutti node gpu0',
    'tutti node drain gpu0 --deadline 120s --wait',
    'tutti node rm laptop',
  );
  onCluster(command.argument('<node>', 'its name'), async ({ client, output }, name = '') => {
    const node = await client.json<Node>('GET', pathOf(name));
    output.answer(node, () => nodeSheet(node));
    output.next(`tutti node drain ${name}`);
  });
  declareDrain(command.command('drain'));
  for (const [verb, { summary, method, path, done, next }] of Object.entries(steps)) {
    const part = command.command(verb).description(summary).argument('<node>', 'its name');
    onCluster(part, async ({ client, output }, name = '') => {
      const node = await client.json<Node>(method, pathOf(name) + path);
      output.answer(node, () => '');
      if (!output.json) output.note(done(node));
      output.next(next(name));
    });
  }
}

function pathOf(name: string): string {
  return `/api/nodes/${encodeURIComponent(name)}`;
}
