import type { Breakers } from '../failure/breaker.ts';
import type { NodeFacts } from '../routing/node-facts.ts';

/** What the breakers let through for the length of a pass: never do they keep calls from more than half of those that have the model. */
export interface Gate {
  allows(node: string, model: string): boolean;
  /** A call has started: where one tries whether a node works again, no other does. */
  started(): void;
}

/** `nodes`: all, as they are in this pass. */
export function createGate(nodes: readonly NodeFacts[], breakers: Pick<Breakers, 'calm' | 'ejected'>): Gate {
  const ejected = new Map<string, ReadonlySet<string>>();

  const ejectedFor = (model: string): ReadonlySet<string> => {
    const known = ejected.get(model);
    if (known) return known;
    const ready = nodes.filter((node) => node.ready && node.models.has(model)).map(({ name }) => name);
    const out = breakers.ejected(model, ready);
    ejected.set(model, out);
    return out;
  };

  return {
    allows: (node, model) => breakers.calm || !ejectedFor(model).has(node),
    started: () => ejected.clear(),
  };
}
