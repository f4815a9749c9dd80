import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry as PrometheusRegistry } from 'prom-client';

export type { Counter, Histogram };

/** A gauge's value under its labels. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Read = () => Iterable<Reading> | Promise<Iterable<Reading>>;

/** The metrics of one process. Label values must come from closed sets: each new one is kept for ever. */
export interface Registry {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram;
  /** Is read when somebody scrapes; labels that are not read again are gone. */
  gauge(name: string, help: string, labels: readonly string[], read: Read): void;
  /** A count that somebody else keeps. */
  total(name: string, help: string, read: () => number): void;
  /** All of them in Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** A registry with what every process has: CPU, memory, handles, garbage collection and the event loop's lag. */
export function createRegistry(): Registry {
  const registry = new PrometheusRegistry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames, registers }),
    histogram: (name, help, buckets, labelNames = []) =>
      new Histogram({ name, help, buckets: [...buckets], labelNames, registers }),
    gauge(name, help, labelNames, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        labelNames,
        registers,
        async collect() {
          const readings = await read();
          gauge.reset();
          for (const { labels, value } of readings) gauge.set(labels, value);
        },
      });
    },
    total(name, help, read) {
      const counter: Counter = new Counter({
        name,
        help,
        registers,
        collect() {
          counter.reset();
          counter.inc(read());
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
