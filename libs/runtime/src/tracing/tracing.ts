import type { Generate } from '@tutti/core';

/** Puts spans around calls and sends them away. */
export interface Tracing {
  /** Puts a span around each call: "client" where it is sent on, "server" where it is served. */
  traced(side: Side, next: Generate): Generate;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

export type Side = 'client' | 'server';

export interface TracingOptions {
  /** Which program traces, for example "orchestrator". */
  readonly service: string;
  readonly version: string;
  /** Who serves the calls, in the words of the conventions, for example "ollama". */
  readonly provider: string;
  /** The exporter reads the other OTEL_ variables from the process's own. */
  readonly env: NodeJS.ProcessEnv;
  /** Told the first time that spans cannot be sent. */
  readonly onProblem: (message: string) => void;
}

const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Traces if an OTLP endpoint is set; else nothing is loaded and calls are left as they are. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { env } = options;
  if (env['OTEL_SDK_DISABLED'] === 'true' || !endpoints.some((name) => env[name])) {
    return { traced: (_, next) => next, close: async () => {} };
  }
  return (await import('./otlp.ts')).openOtlp(options);
}
