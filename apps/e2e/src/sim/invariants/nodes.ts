import type { Event, NodeTraits } from '../history.ts';
import type { EventOf, Invariant, Violation } from './violation.ts';

/** I3: never more calls on a runner than its slots and one that waits, never more in all than allowed, no machine overfull. */
export const withinSlots: Invariant = ({ nodes, concurrency, events }) => {
  const rule = 'I3 slots';
  const found: Violation[] = [];
  const traits = new Map(nodes.map((node) => [node.name, node]));
  const open = new Map<number, string>();
  const counts = new Map<string, number>();
  const change = (key: string, by: 1 | -1): number => {
    const count = (counts.get(key) ?? 0) + by;
    counts.set(key, count);
    return count;
  };
  const shown = new Map<string, ReadonlySet<string>>();
  const orphan = (key: string): void => {
    for (const [send, other] of open) if (other === key) open.set(send, `${key}, gone`);
    counts.delete(key);
  };
  for (const event of events) {
    if (event.kind === 'sent') {
      const key = `${event.node} ${event.model}${event.embeds ? ', embeddings' : ''}`;
      open.set(event.send, key);
      const count = change(key, 1);
      const { slots } = traits.get(event.node)!;
      if (count > slots + 1 && !event.embeds)
        found.push({ rule, atMs: event.at, what: `${count} calls on ${key}, which has ${slots} slots` });
      if (open.size > concurrency) {
        found.push({ rule, atMs: event.at, what: `${open.size} calls run where ${concurrency} may` });
      }
    } else if (event.kind === 'reported') {
      // What ran on a runner that has gone is on its way to fail.
      const models = new Set(event.runners.map(({ model }) => model));
      for (const model of shown.get(event.node) ?? []) if (!models.has(model)) orphan(`${event.node} ${model}`);
      shown.set(event.node, models);
    } else if (event.kind === 'returned') {
      const key = open.get(event.send);
      if (key === undefined) found.push({ rule, atMs: event.at, what: `attempt ${event.send} ended twice` });
      else change(key, -1);
      open.delete(event.send);
    } else if (event.kind === 'sample') {
      for (const what of event.overfull) found.push({ rule, atMs: event.at, what });
    }
  }
  return found;
};

interface Standing {
  boot: string;
  up: boolean;
  draining: boolean;
  cordoned: boolean;
}

/** I5: no call for a node that is lost, silent, cordoned, draining, or for a process that it no longer runs. */
export const onlyToMembers: Invariant = ({ nodes, events }) => {
  const found: Violation[] = [];
  const standings = new Map<string, Standing>(
    nodes.map(({ name }) => [name, { boot: '', up: false, draining: false, cordoned: false }]),
  );
  let paused = 0;
  for (const event of events) {
    heed(standings, event);
    if (event.kind === 'paused') paused += 1;
    if (event.kind === 'resumed') paused = 0;
    if (event.kind !== 'sent') continue;
    const { boot, up, draining, cordoned } = standings.get(event.node)!;
    const tell = (why: string): number =>
      found.push({
        rule: 'I5 members',
        atMs: event.at,
        what: `${event.request} was sent to ${event.node}, which ${why}`,
      });
    if (!up) tell('is not there');
    else if (boot !== event.boot) tell(`runs as ${boot}, not as ${event.boot}`);
    if (draining) tell('is draining');
    if (cordoned) tell('is cordoned');
    if (paused > 0) tell('is not asked while the queue is paused');
  }
  return found;
};

function heed(standings: ReadonlyMap<string, Standing>, event: Event): void {
  if (!('node' in event)) return;
  const standing = standings.get(event.node);
  if (!standing) return;
  if (event.kind === 'reported') Object.assign(standing, { up: true, boot: event.boot, draining: event.draining });
  else if (event.kind === 'suspended' || event.kind === 'removed') standing.up = false;
  else if (event.kind === 'cordoned') standing.cordoned = true;
  else if (event.kind === 'uncordoned') standing.cordoned = false;
}

/** An eviction is seen in a report after so long at most, or forgotten. */
const evictionMs = 60_000;

interface Memory {
  runners: readonly { readonly model: string; readonly numCtx: number }[];
  /** When each model was last sent away. */
  readonly evicted: Map<string, number>;
  /** Model of a load that has not come to anything yet. */
  loading: { readonly model: string; readonly request: string } | undefined;
}

/** No load where a runner that would do is in memory, and one load at a time. */
export const noNeedlessLoad: Invariant = ({ nodes, events }) => {
  const found: Violation[] = [];
  const memories = new Map<string, Memory>(
    nodes.map(({ name }: NodeTraits) => [name, { runners: [], evicted: new Map(), loading: undefined }]),
  );
  // Some leave between the choice and the start: they load nothing.
  const choices = new Map<string, EventOf<'chosen'>>();
  const sends = new Map<number, EventOf<'sent'>>();

  const begin = ({ at, node, model, evict, neededTokens, request }: EventOf<'chosen'>): void => {
    const memory = memories.get(node)!;
    const { runners, evicted, loading } = memory;
    const fits = runners.find((runner) => runner.model === model && runner.numCtx >= neededTokens);
    if (fits && at - (evicted.get(model) ?? -Infinity) > evictionMs) {
      const what = `${request} makes ${node} load ${model}, which is there with ${fits.numCtx} tokens for ${neededTokens}`;
      found.push({ rule: 'needless load', atMs: at, what });
    }
    if (loading) {
      const what = `${request} makes ${node} load ${model} while it loads ${loading.model} for ${loading.request}`;
      found.push({ rule: 'I3 one load', atMs: at, what });
    }
    for (const other of [...evict, model]) evicted.set(other, at);
    memory.loading = { model, request };
  };

  for (const event of events) {
    if (event.kind === 'chosen') choices.set(`${event.request} ${event.node}`, event);
    else if (event.kind === 'sent') {
      sends.set(event.send, event);
      const choice = choices.get(`${event.request} ${event.node}`);
      if (choice?.load) begin(choice);
    } else if (event.kind === 'answering' || event.kind === 'returned') {
      const { node, model, request } = sends.get(event.send)!;
      const memory = memories.get(node)!;
      const isOver = event.kind === 'answering' ? memory.loading?.model === model : memory.loading?.request === request;
      if (isOver) memory.loading = undefined;
    } else if (event.kind === 'reported') {
      const memory = memories.get(event.node)!;
      memory.runners = event.runners;
      if (event.runners.some(({ model }) => model === memory.loading?.model)) memory.loading = undefined;
    }
  }
  return found;
};
