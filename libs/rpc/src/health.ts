import { HealthCheckResponse_ServingStatus as Status } from '@tutti/proto/grpc/health/v1/health';
import type { Health as HealthService } from '@tutti/proto/grpc/health/v1/health';
import { ClusterError } from '@tutti/core';
import type { Implementation } from './handler.ts';
import { untilCalled } from './wait.ts';

/** Tells whether the services of a process can be used: the standard `grpc.health.v1.Health`. */
export interface Health {
  readonly implementation: Implementation<typeof HealthService>;
  /** Sets the state of a service, by its full name; the empty name is the whole process, which serves from the start. */
  set(service: string, serving: boolean): void;
  /** Nothing serves any more, whatever is set later. Watchers are told, and their streams end. */
  shutdown(): void;
}

export function createHealth(): Health {
  const states = new Map<string, Status>([['', Status.SERVING]]);
  const watchers = new Set<() => void>();
  let down = false;

  const changed = (): void => {
    for (const wake of [...watchers]) wake();
  };
  const nextChange = (signal: AbortSignal): Promise<void> =>
    untilCalled(signal, (wake) => {
      watchers.add(wake);
      return () => watchers.delete(wake);
    });

  return {
    implementation: {
      async check({ service }) {
        const status = states.get(service);
        if (status === undefined)
          throw new ClusterError('not_found', `unknown service "${service}"`, { param: 'service' });
        return { status };
      },
      async list() {
        return { statuses: Object.fromEntries([...states].map(([service, status]) => [service, { status }])) };
      },
      async *watch({ service }, { signal }) {
        let told: Status | undefined;
        while (!signal.aborted) {
          const status = states.get(service) ?? Status.SERVICE_UNKNOWN;
          if (status === told && down) return;
          if (status === told) await nextChange(signal);
          else yield { status };
          told = status;
        }
      },
    },
    set(service, serving) {
      if (down) return;
      states.set(service, serving ? Status.SERVING : Status.NOT_SERVING);
      changed();
    },
    shutdown() {
      down = true;
      for (const service of states.keys()) states.set(service, Status.NOT_SERVING);
      changed();
    },
  };
}
