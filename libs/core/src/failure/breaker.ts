import type { ClusterError, Reason } from '../error.ts';
import type { Clock, Random } from '../ports.ts';
import { createCircuit, type Circuit, type CircuitState, type Verdict } from './circuit.ts';

/** A breaker as people see it. */
export interface CircuitView {
  readonly state: CircuitState;
  /** Failures in a row. */
  readonly failures: number;
  /** Until a call may try; 0: now. */
  readonly retryInMs: number;
  /** What failed last; "": nothing. */
  readonly reason: Reason | '';
}

/** A node's breaker, and those of its models that are not closed. */
export interface BreakerView extends CircuitView {
  readonly models: readonly (CircuitView & { readonly model: string })[];
}

/** Keeps calls away from nodes that cannot be reached, and from models that fail on a node. Model names are canonical. */
export interface Breakers {
  /** Whether all are closed. */
  readonly calm: boolean;
  /** Whether a call may start there now, whatever becomes of the rest of the cluster. */
  allows(node: string, model: string): boolean;
  /**
   * Which of `ready`, the nodes that could take a call of the model, get none now. At most half of them, and the worst:
   * when more fail, the fault is likely not theirs, and the rest would drown. One may always be left out.
   */
  ejected(model: string, ready: readonly string[]): ReadonlySet<string>;
  /** A call starts. Call what it returns once with what the call ended with; undefined: the answer is complete. */
  started(node: string, model: string): (outcome: ClusterError | undefined) => void;
  /** A call has brought its first output: one that tries need not run to its end to have succeeded. */
  answered(node: string, model: string): void;
  /** When a call may try again; undefined: nothing keeps it away. `sole`: no other node could take it. */
  nextTrialAt(node: string, model: string, sole?: boolean): number | undefined;
  view(node: string): BreakerView;
  /** The node is gone: what it did no longer counts. */
  forget(node: string): void;
  /** The node counts as well again. */
  reset(node: string): void;
  /** Runs `task` whenever other nodes may be tried than before; the returned function takes that back. */
  onChange(task: () => void): () => void;
}

interface NodeCircuits {
  readonly own: Circuit;
  readonly models: Map<string, Circuit>;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
}

const nobody: ReadonlySet<string> = new Set();

export function createBreakers({ clock, random }: Options): Breakers {
  const nodes = new Map<string, NodeCircuits>();
  /** Those that are not closed. */
  const tripped = new Set<Circuit>();
  const tasks = new Set<() => void>();

  const circuit = (winsToClose: number): Circuit => {
    const onChange = (): void => {
      if (made.state === 'closed') tripped.delete(made);
      else tripped.add(made);
      for (const task of tasks) task();
    };
    const made = createCircuit({ clock, random, winsToClose, onChange });
    return made;
  };

  const circuitsOf = (node: string, model: string): [own: Circuit, ofModel: Circuit] => {
    const found = nodes.get(node) ?? { own: circuit(1), models: new Map<string, Circuit>() };
    nodes.set(node, found);
    const ofModel = found.models.get(model) ?? circuit(2);
    found.models.set(model, ofModel);
    return [found.own, ofModel];
  };

  const known = (node: string, model: string): Circuit[] => {
    const found = nodes.get(node);
    const ofModel = found?.models.get(model);
    return found ? (ofModel ? [found.own, ofModel] : [found.own]) : [];
  };

  const trialAt = (node: string, model: string, sole: boolean): number =>
    Math.max(-Infinity, ...known(node, model).map((one) => one.trialAt(sole) ?? -Infinity));

  const reset = (node: string): void => {
    const found = nodes.get(node);
    if (found) for (const one of [found.own, ...found.models.values()]) one.reset();
  };

  return {
    get calm() {
      return tripped.size === 0;
    },
    allows: (node, model) => known(node, model).every((one) => one.allows(false)),
    ejected(model, ready) {
      if (tripped.size === 0) return nobody;
      const sole = ready.length === 1;
      const out = ready.filter((node) => known(node, model).some((one) => !one.allows(sole)));
      const most = Math.max(1, Math.floor(ready.length / 2));
      if (out.length <= most) return new Set(out);
      const worstFirst = out.toSorted((a, b) => trialAt(b, model, sole) - trialAt(a, model, sole) || (a < b ? -1 : 1));
      return new Set(worstFirst.slice(0, most));
    },
    started(node, model) {
      const [own, ofModel] = circuitsOf(node, model);
      const endOwn = own.started();
      const endOfModel = ofModel.started();
      return (outcome) => {
        endOwn(verdictOnNode(outcome), outcome?.reason);
        endOfModel(verdictOnModel(outcome), outcome?.reason);
      };
    },
    answered(node, model) {
      if (tripped.size > 0) for (const one of known(node, model)) one.answered();
    },
    nextTrialAt(node, model, sole = false) {
      const at = trialAt(node, model, sole);
      return at === -Infinity ? undefined : at;
    },
    view(node) {
      const found = nodes.get(node);
      if (!found) return { state: 'closed', failures: 0, retryInMs: 0, reason: '', models: [] };
      const away = [...found.models].filter(([, { state }]) => state !== 'closed');
      return {
        ...viewOf(found.own, clock),
        models: away.map(([model, one]) => ({ model, ...viewOf(one, clock) })),
      };
    },
    forget(node) {
      reset(node);
      nodes.delete(node);
    },
    reset,
    onChange(task) {
      tasks.add(task);
      return () => void tasks.delete(task);
    },
  };
}

/** Any word from the node shows that the way there works. */
function verdictOnNode(outcome: ClusterError | undefined): Verdict {
  switch (outcome?.reason) {
    case 'node_unreachable':
      return 'failure';
    case undefined:
    case 'upstream_error':
    case 'bad_upstream':
      return 'success';
    default:
      return 'neither';
  }
}

/** What the caller did, what is merely busy and what was cancelled say nothing. */
function verdictOnModel(outcome: ClusterError | undefined): Verdict {
  switch (outcome?.reason) {
    case 'upstream_error':
    case 'bad_upstream':
    case 'upstream_timeout':
      return 'failure';
    case undefined:
      return 'success';
    default:
      return 'neither';
  }
}

function viewOf({ state, failures, reason, trialAt }: Circuit, clock: Clock): CircuitView {
  const retryInMs = Math.max(0, (trialAt(false) ?? 0) - clock.now());
  return { state, failures, retryInMs, reason: reason ?? '' };
}
