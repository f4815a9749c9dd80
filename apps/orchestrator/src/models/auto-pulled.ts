import { loading } from '@tutti/backends';
import { canonicalModel, ClusterError, modelNotFound, type Call, type Clock, type Generate } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import type { Log } from '@tutti/runtime/log';
import type { VirtualOllama } from './virtual-ollama.ts';

interface Options {
  readonly cluster: Pick<Cluster, 'nodes'>;
  readonly models: Pick<VirtualOllama, 'pull'>;
  /** Asked anew each time. */
  readonly enabled: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Pull {
  readonly done: Promise<void>;
  readonly since: number;
  readonly fraction: () => number;
}

/** Downloads at a time: more would only share the line. */
const mostPulls = 4;
/** A name that could not be pulled is not asked for again for so long. */
const restMs = 30_000;
const tellEveryMs = 1_000;

/**
 * Pulls a model that no node has to the best node while its callers wait. One pull serves them all, and goes on when they
 * leave: whoever comes back finds it further, or done.
 */
export function autoPulled(next: Generate, { cluster, models, enabled, clock, log }: Options): Generate {
  /** By canonical model. */
  const pulls = new Map<string, Pull>();
  const failed = new Map<string, { readonly error: ClusterError; readonly until: number }>();

  const start = (model: string, pin: string | undefined): Pull => {
    const earlier = pulls.get(model);
    if (earlier) return earlier;
    const refusal = failed.get(model);
    if (refusal && clock.now() < refusal.until) throw refusal.error;
    if (pulls.size >= mostPulls) throw busy(model);
    const layers = createLayers();
    const { nodes, lines } = models.pull({
      model,
      bodyJson: JSON.stringify({ model }),
      placement: pin === undefined ? undefined : { kind: 'nodes', names: [pin] },
      signal: new AbortController().signal,
    });
    log.info('model pulled for a call', { model, nodes });
    const done = follow(lines, layers.note)
      .catch((thrown: unknown) => {
        const error = notPulled(model, ClusterError.from(thrown));
        log.warn('model not pulled', { model, nodes, error: error.message });
        for (const [name, { until }] of failed) if (clock.now() >= until) failed.delete(name);
        failed.set(model, { error, until: clock.now() + restMs });
        throw error;
      })
      .finally(() => pulls.delete(model));
    // Its callers may have left.
    done.catch(() => {});
    const pull = { done, since: clock.now(), fraction: layers.fraction };
    pulls.set(model, pull);
    return pull;
  };

  const waiting: Generate = async function* (call, context) {
    const { done, since, fraction } = start(canonicalModel(call.model), context.pin);
    yield* loading(done, { clock, signal: context.signal, everyMs: tellEveryMs, fraction, since });
    yield* next(call, context);
  };

  // Not a generator around every call: that would cost each chunk.
  return (call, context) => (enabled() && isMissing(cluster, call) ? waiting : next)(call, context);
}

/** A node that cannot answer now may have it: that is no reason to fetch it again. */
function isMissing({ nodes }: Pick<Cluster, 'nodes'>, { model, digest }: Call): boolean {
  if (digest !== '' || !nodes.some(({ ready, state }) => ready && state.backend?.kind === 'ollama')) return false;
  const name = canonicalModel(model);
  return !nodes.some(({ state }) => state.models.some((other) => canonicalModel(other.name) === name));
}

async function follow(lines: AsyncIterable<string>, note: (line: string) => void): Promise<void> {
  for await (const line of lines) note(line);
}

/** How much of what is known to be missing has come. */
function createLayers() {
  const layers = new Map<string, { readonly total: number; readonly completed: number }>();
  const sum = (field: 'total' | 'completed'): number => layers.values().reduce((all, layer) => all + layer[field], 0);
  return {
    note(line: string): void {
      const {
        digest,
        total = 0,
        completed = 0,
      } = JSON.parse(line) as {
        digest?: string;
        total?: number;
        completed?: number;
      };
      if (digest !== undefined) layers.set(digest, { total, completed });
    },
    fraction: () => sum('completed') / Math.max(1, sum('total')),
  };
}

function notPulled(model: string, cause: ClusterError): ClusterError {
  const isUnknown = /file does not exist|not found/.test(cause.message);
  const reason = isUnknown ? 'model_not_found' : cause.reason;
  const message = `${modelNotFound(model).message}, and it could not be pulled: ${cause.message}`;
  return new ClusterError(reason, message, { param: 'model', cause });
}

function busy(model: string): ClusterError {
  const message = `${modelNotFound(model).message}, and ${mostPulls} others are being pulled; try again later.`;
  return new ClusterError('no_healthy_node', message, { param: 'model', retryAfterMs: 60_000 });
}
