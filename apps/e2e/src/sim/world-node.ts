import type { Call, Clock, Context, Random } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createConnection } from './connection.ts';
import { createHost, type Content, type Host } from './host.ts';
import { createNodeLease } from './lease.ts';
import type { Record } from './recorder.ts';
import type { PlannedNode } from './scenario.ts';
import { createWire } from './wire.ts';

/** A host, the network to it, and what the orchestrator does about both. */
export interface WorldNode {
  readonly name: string;
  readonly host: Host;
  /** Its agent is dead as long as anything wants it dead; then another process starts. */
  down(on: boolean): void;
  /** Nothing of it moves. */
  hang(on: boolean): void;
  cut(direction: 'up' | 'down' | 'both', on: boolean): void;
  lateReports(on: boolean): void;
  lostReports(on: boolean): void;
  /** The end of the world: it stops without a word. */
  close(): void;
}

interface Options {
  readonly planned: PlannedNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly record: Record;
  readonly cluster: Cluster;
  readonly contentOf: (call: Call, context: Context) => Content;
}

const latestReportMs = 5_000;
/** What kills an agent does not keep it from being started again. */
const longestRestartMs = 10_000;

export function createWorldNode({ planned, clock, random, record, cluster, contentOf }: Options): WorldNode {
  const { name, delayMs, attributes, sameMachine } = planned;
  const down = createWire({ clock, random, delayMs });
  const up = createWire({ clock, random, delayMs });
  const faults = { dead: 0, hung: 0, up: 0, down: 0, late: 0, lost: 0 };
  let boot = '';
  let seq = 0;
  let lateUntil = 0;
  let closed = false;

  const take = (state: NodeState): void => {
    if (boot === state.bootId && state.seq <= seq) return;
    if (boot !== state.bootId) cluster.breakers.reset(name);
    boot = state.bootId;
    seq = state.seq;
    lease.heard();
    const runners = state.runners.map(({ model, contextLength = 0 }) => ({ model, numCtx: contextLength }));
    record.add({ kind: 'reported', node: name, boot, draining: state.draining, runners });
    cluster.report(name, connection.generate(boot), state);
  };

  const heed = (state: NodeState): void => {
    if (faults.lost > 0) return;
    const { bootId } = state;
    if (faults.late === 0) return take(state);
    // Of a process that is no more, nothing is heard.
    lateUntil = Math.max(lateUntil, clock.now() + latestReportMs * random());
    clock.after(lateUntil - clock.now(), () => connection.isUp && bootId === host.boot && take(state));
  };

  const suspend = (): void => {
    record.add({ kind: 'suspended', node: name });
    cluster.suspend(name);
  };

  const lease = createNodeLease(clock, suspend, () => {
    record.add({ kind: 'removed', node: name });
    cluster.remove(name);
    connection.break();
  });

  const connection = createConnection({
    ...{ name, clock, record, down, up },
    server: { serve: (...call) => host.serve(...call) },
    onUp: () => host.greet(),
    onBroken: suspend,
    onReport: heed,
  });

  const host = createHost({
    ...planned,
    ...{ clock, random, record, contentOf },
    report: (state) => connection.report(state),
    onDeath() {
      connection.break();
      connection.reachable(false);
      if (faults.dead > 0 || closed) return;
      faults.dead += 1;
      clock.after(longestRestartMs * random(), () => count('dead', false));
    },
  });

  const update = (): void => {
    if (closed) return;
    if (faults.dead > 0) host.kill('fault', 0);
    else if (!host.isRunning) host.start();
    down.cut(faults.hung + faults.down > 0);
    up.cut(faults.hung + faults.up > 0);
    host.machine.hang(faults.hung > 0);
    connection.reachable(host.isRunning && faults.hung + faults.up + faults.down === 0);
  };

  const count = (fault: keyof typeof faults, on: boolean): void => {
    faults[fault] += on ? 1 : -1;
    update();
  };

  cluster.describe(name, { attributes, sameMachine });
  update();

  return {
    name,
    host,
    down: (on) => count('dead', on),
    hang: (on) => count('hung', on),
    cut(direction, on) {
      if (direction !== 'down') count('up', on);
      if (direction !== 'up') count('down', on);
    },
    lateReports: (on) => count('late', on),
    lostReports: (on) => count('lost', on),
    close() {
      closed = true;
      lease.stop();
      connection.reachable(false);
      host.kill('fault', 0);
      lease.stop();
    },
  };
}
