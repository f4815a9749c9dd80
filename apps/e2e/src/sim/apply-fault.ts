import type { Clock, Random } from '@tutti/core';
import type { Cluster, Route } from '@tutti/core/cluster';
import { pick } from './draws.ts';
import type { Fault } from './planned-faults.ts';
import type { Record } from './recorder.ts';
import { plannedRoutes } from './scenario.ts';
import type { WorldNode } from './world-node.ts';

/** What faults can get at. */
export interface Exposed {
  readonly clock: Clock;
  readonly random: Random;
  readonly record: Record;
  readonly cluster: Cluster;
  readonly nodes: readonly WorldNode[];
  setRoutes(routes: readonly Route[]): void;
}

const slowness = 10;
const flapMs = 4_000;

/** Lets the fault happen; the returned function ends it. */
export function apply(world: Exposed, fault: Fault): () => void {
  const { record, cluster, random, clock } = world;
  const { kind, node: name } = fault;
  record.add({ kind: 'fault', what: kind, node: name });
  const node = world.nodes.find((other) => other.name === name)!;
  const { host } = node;
  const during = (turn: (on: boolean) => void): (() => void) => {
    turn(true);
    return () => turn(false);
  };
  switch (kind) {
    case 'kill':
      return during(node.down);
    case 'crash':
      if (host.isRunning) host.crash('fault', 0);
      return () => {};
    case 'hang':
      return during(node.hang);
    case 'slow':
      return during((on) => host.machine.slow(on ? slowness : 1));
    case 'cut':
      return during((on) => node.cut('both', on));
    case 'cut-up':
      return during((on) => node.cut('up', on));
    case 'cut-down':
      return during((on) => node.cut('down', on));
    case 'late-reports':
      return during(node.lateReports);
    case 'lost-reports':
      return during(node.lostReports);
    case 'drain':
      return during(host.drain);
    case 'cordon':
      return during((on) => {
        record.add({ kind: on ? 'cordoned' : 'uncordoned', node: name });
        cluster.cordon(name, on);
      });
    case 'flap':
      return flapping(clock, random, node);
    case 'pause':
      return during((on) => {
        record.add({ kind: on ? 'paused' : 'resumed' });
        if (on) cluster.pause();
        else cluster.resume();
      });
    case 'routes':
      return during((on) =>
        world.setRoutes(
          on
            ? plannedRoutes(
                random,
                world.nodes.map((other) => other.name),
              )
            : [],
        ),
      );
    case 'cancel': {
      const waiting = cluster.waitingCalls;
      if (waiting.length > 0) cluster.cancel(pick(random, waiting).requestId);
      return () => {};
    }
    default:
      return during((on) => host.ail(kind, on));
  }
}

function flapping(clock: Clock, random: Random, node: WorldNode): () => void {
  let isDown = false;
  let stop = (): void => {};
  const turn = (): void => {
    isDown = !isDown;
    node.down(isDown);
    stop = clock.after(flapMs * random(), turn);
  };
  turn();
  return () => {
    stop();
    if (isDown) node.down(false);
  };
}
