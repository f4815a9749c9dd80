import type { Node } from '@tutti/backends';
import type { Call, Clock, Context, Watcher } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import {
  hardwareGauges,
  loadSeconds,
  requestSeconds,
  shortestLoadMs,
  waitSeconds,
  type Registry,
} from '@tutti/runtime/metrics';

interface Options {
  readonly registry: Registry;
  /** The node's state; it is read when somebody scrapes. */
  readonly feed: () => Pick<Node['feed'], 'watch'>;
  readonly version: string;
  readonly clock: Clock;
}

/** The agent's metrics; returns what counts its calls, for `watched`. */
export function createAgentMetrics({
  registry,
  feed,
  version,
  clock,
}: Options): (call: Call, context: Context) => Watcher {
  const calls = registry.counter('tutti_agent_calls_total', 'Calls that ended, by result.', ['result']);
  const durations = registry.histogram('tutti_agent_call_duration_seconds', 'From arrival to the end.', requestSeconds);
  const waits = registry.histogram('tutti_agent_wait_seconds', 'Waiting for a slot.', waitSeconds);
  const loads = registry.histogram('tutti_agent_model_load_seconds', 'Loading a model.', loadSeconds);
  stateGauges(registry, () => currentState(feed()), version);

  return () => {
    const arrivedAt = clock.now();
    return {
      see({ kind }) {
        if (kind.case === 'progress' && kind.value.kind.case === 'started')
          waits.observe(kind.value.kind.value.queueMs / 1_000);
        if (kind.case !== 'done') return;
        const loadMs = kind.value.timings?.loadMs ?? 0;
        if (loadMs >= shortestLoadMs) loads.observe(loadMs / 1_000);
      },
      end(error) {
        calls.inc({ result: error?.reason ?? 'ok' });
        durations.observe((clock.now() - arrivedAt) / 1_000);
      },
    };
  };
}

function stateGauges(registry: Registry, state: () => Promise<NodeState | undefined>, version: string): void {
  const one = (name: string, help: string, value: (state: NodeState) => number | undefined): void =>
    registry.gauge(name, help, [], async () => {
      const now = await state();
      return now ? [{ labels: {}, value: value(now) ?? 0 }] : [];
    });
  registry.gauge('tutti_agent_build_info', 'Version of Tutti.', ['version'], () => [{ labels: { version }, value: 1 }]);
  one('tutti_agent_slots', 'Calls that run at a time.', ({ slots }) => slots?.total);
  one('tutti_agent_slots_busy', 'Calls that run.', ({ slots }) => slots?.busy);
  one('tutti_agent_slots_zombie', 'Slots whose cancelled calls may still burn.', ({ slots }) => slots?.zombie);
  one('tutti_agent_waiting', 'Calls that wait for a slot.', ({ slots }) => slots?.waiting);
  one('tutti_agent_models', 'Models on the disk.', ({ models }) => models.length);
  one('tutti_agent_models_loaded', 'Models in memory.', ({ runners }) => runners.length);
  one('tutti_agent_backend_up', 'Whether the model server answers.', ({ backend }) => (backend?.problem ? 0 : 1));
  hardwareGauges(registry, {
    prefix: 'tutti_agent',
    labels: [],
    machines: async () => [{ labels: {}, hardware: (await state())?.hardware }],
  });
}

/** The first state that a watch tells is the one of now. */
async function currentState(feed: Pick<Node['feed'], 'watch'>): Promise<NodeState | undefined> {
  for await (const state of feed.watch(new AbortController().signal)) return state;
  return undefined;
}
