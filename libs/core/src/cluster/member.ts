import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import type { PrefixMark } from '../routing/demand.ts';
import { nameOf, type NodeFacts, type RunningCall } from '../routing/node-facts.ts';
import { ended, overlay, served, settle, type LoadAct } from '../routing/overlay.ts';
import { reportedFacts, type Reported } from '../routing/reported.ts';
import type { NodeAttributes } from '../stores/nodes.ts';
import type { NodeView } from './node-view.ts';

/** What people and the registration say of a node. */
export interface NodeDescription {
  readonly attributes: NodeAttributes;
  /** Whether it runs on the orchestrator's own machine. */
  readonly sameMachine: boolean;
}

/** A node as the cluster keeps it: its last report, and our own acts since. */
export interface Member extends NodeView {
  readonly generate: Generate;
  /** What is known of it now; the same object until something changes. */
  facts(now: number): NodeFacts;
  report(generate: Generate, state: NodeState): void;
  describe(description: NodeDescription): void;
  /** It gets no calls until it reports again. */
  suspend(): void;
  /** It refused a call for want of a slot; the returned function takes that back, unless it refused another since. */
  markFull(): () => void;
  /** Who is cordoned has changed. */
  steered(): void;
  /** A call of ours starts on it, with the load that it takes along. */
  add(call: RunningCall, act: LoadAct | undefined): void;
  /** It is over; `worked`: it had output. */
  remove(call: RunningCall, worked: boolean): void;
  /** A load of ours without a call begins; the returned function is told when it is over, and whether the model is there. */
  prepare(act: LoadAct): (loaded: boolean) => void;
  /** The model is in memory: a call on it has output. */
  loaded(model: string): void;
  /** Its load has failed: it is not in memory for those either who would join it. */
  notLoaded(model: string): void;
}

/** What calls have put out since may change a choice; it is looked at again after so long. */
const staleMs = 500;

/** Prompts that are remembered of a model, newest first: those whose text its slots may still hold. */
const mostPrompts = 16;

const nothingSaid: NodeDescription = { attributes: {}, sameMachine: false };

/** A node that has just reported. Who is cordoned is looked up at each question. */
export function createMember(
  name: string,
  first: { readonly generate: Generate; readonly state: NodeState },
  said: NodeDescription | undefined,
  clock: Clock,
  cordoned: ReadonlySet<string>,
): Member {
  let { generate, state } = first;
  let description = said ?? nothingSaid;
  let reportedAt = clock.now();
  let readySince = reportedAt;
  let answers = true;
  /** Stands for the last refusal, as long as it counts. */
  let refusal: object | undefined;
  let acts: readonly LoadAct[] = [];
  const calls = new Set<RunningCall>();
  const byModel = new Map<string, number>();
  const prompts = new Map<string, readonly (readonly PrefixMark[])[]>();
  let reported = read();
  let facts: NodeFacts | undefined;
  let builtAt = 0;

  function read(): Reported {
    return reportedFacts(state, (model) => byModel.get(model) ?? 0);
  }

  function isReady(): boolean {
    return answers && !cordoned.has(name) && !state.draining && !state.backend?.problem;
  }

  function withoutActs(): NodeFacts {
    const { attributes, sameMachine } = description;
    return {
      ...reported,
      name,
      ready: isReady(),
      full: refusal !== undefined,
      calls: [...calls],
      prompts,
      attributes,
      sameMachine,
      readySince,
    };
  }

  function changed(): void {
    facts = undefined;
  }

  function count(model: string, change: 1 | -1): void {
    const left = (byModel.get(model) ?? 0) + change;
    if (left > 0) byModel.set(model, left);
    else byModel.delete(model);
  }

  /** What a load did is seen in the next report; what one did not do is better forgotten at once. */
  function over(model: string, worked: boolean): void {
    const own = (act: LoadAct): boolean => act.runner.model === model;
    acts = worked ? acts.map((act) => (own(act) ? ended(act, clock.now()) : act)) : acts.filter((act) => !own(act));
  }

  function remember(model: string, prefix: readonly PrefixMark[]): void {
    if (prefix.length === 0) return;
    prompts.set(model, [prefix, ...(prompts.get(model) ?? [])].slice(0, mostPrompts));
  }

  /** What has left the memory has forgotten its prompts. */
  function forgetPrompts(): void {
    for (const model of prompts.keys()) {
      if (!reported.runners.some((runner) => runner.model === model) && !byModel.has(model)) prompts.delete(model);
    }
  }

  return {
    name,
    get generate() {
      return generate;
    },
    get state() {
      return state;
    },
    get reportedAt() {
      return reportedAt;
    },
    get ready() {
      return isReady();
    },
    get cordoned() {
      return cordoned.has(name);
    },
    get full() {
      return refusal !== undefined;
    },
    get inFlight() {
      return calls.size;
    },
    inFlightByModel: byModel,
    facts(now) {
      if (facts !== undefined && (calls.size === 0 || now - builtAt <= staleMs)) return facts;
      builtAt = now;
      return (facts = overlay(withoutActs(), acts, now));
    },
    report(nextGenerate, nextState) {
      const restarted = nextState.bootId !== state.bootId;
      const wasReady = isReady();
      generate = nextGenerate;
      state = nextState;
      reportedAt = clock.now();
      answers = true;
      refusal = undefined;
      if (restarted) prompts.clear();
      if (restarted || !wasReady) readySince = reportedAt;
      reported = read();
      acts = settle(acts, withoutActs(), reportedAt);
      forgetPrompts();
      changed();
    },
    describe(next) {
      description = next;
      changed();
    },
    suspend() {
      answers = false;
      changed();
    },
    markFull() {
      const own = (refusal = {});
      changed();
      return () => {
        if (refusal !== own) return;
        refusal = undefined;
        changed();
      };
    },
    steered: changed,
    add(call, act) {
      calls.add(call);
      count(nameOf(call), 1);
      remember(nameOf(call), call.demand.prefix);
      if (act) acts = [...acts, act];
      changed();
    },
    remove(call, worked) {
      if (!calls.delete(call)) return;
      const model = nameOf(call);
      count(model, -1);
      // Others still wait for the load that it caused.
      if (!byModel.has(model)) over(model, worked);
      changed();
    },
    prepare(act) {
      acts = [...acts, act];
      changed();
      return (loaded) => {
        over(act.runner.model, loaded);
        changed();
      };
    },
    loaded(model) {
      acts = acts.map((act) => (act.runner.model === model ? served(act) : act));
      changed();
    },
    notLoaded(model) {
      over(model, false);
      changed();
    },
  };
}
