import type { Cluster } from '@tutti/core/cluster';
import type { Sample } from './history.ts';
import type { WorldNode } from './world-node.ts';

/** How things stand. */
export function sample(cluster: Cluster, nodes: readonly WorldNode[]): Sample {
  return {
    kind: 'sample',
    waiting: cluster.waiting,
    inFlight: cluster.inFlight,
    overfull: nodes.flatMap(({ name, host }) => overfull(name, host.machine.runners)),
    ejected: ejected(cluster),
  };
}

function overfull(node: string, runners: WorldNode['host']['machine']['runners']): string[] {
  const tooBusy = runners.filter(({ busy, slots }) => busy > slots).map(({ model }) => `${node} ${model}`);
  return runners.filter(({ loading }) => loading).length > 1 ? [...tooBusy, `${node} loads two models`] : tooBusy;
}

function ejected({ breakers, facts }: Cluster): Sample['ejected'] {
  const tripped = new Set(
    facts.flatMap(({ name, models }) => {
      const view = breakers.view(name);
      return view.state === 'closed' ? view.models.map(({ model }) => model) : [...models.keys()];
    }),
  );
  return [...tripped].map((model) => {
    const ready = facts.filter((node) => node.ready && node.models.has(model)).map(({ name }) => name);
    return { model, ready: ready.length, out: breakers.ejected(model, ready).size };
  });
}
