export {
  firstTokenSeconds,
  loadSeconds,
  perTokenSeconds,
  requestSeconds,
  shortestLoadMs,
  waitSeconds,
} from './buckets.ts';
export { hardwareGauges, type Machine } from './hardware-gauges.ts';
export { createRegistry, type Counter, type Histogram, type Reading, type Registry } from './registry.ts';
