import { holds, type Bar } from '../bars.ts';
import { table } from '../table.ts';
import type { BlobGrowth } from './blobs.ts';
import type { Residue } from './cancelled.ts';
import type { FirstToken } from './first-token.ts';
import type { Translation } from './translation.ts';

export { holds } from '../bars.ts';

export interface Figures {
  readonly translation: readonly Translation[];
  readonly firstTokens: readonly FirstToken[];
  readonly blobs: readonly BlobGrowth[];
  readonly cancelled: Residue;
}

const mebibyte = 2 ** 20;

export function barsOf({ translation, blobs, cancelled }: Figures): Bar[] {
  const [least, most] = [blobs[0]!, blobs.at(-1)!];
  const growth = ({ growthBytes }: BlobGrowth): number => Math.max(...Object.values(growthBytes)) / mebibyte;
  return [
    ...translation.map(({ name, ratio }) => ({
      name: `/v1 to /api, CPU: ${name}`,
      value: ratio,
      limit: 1.3,
      unit: 'x',
    })),
    {
      name: 'memory of the largest blob beyond that of the smallest',
      value: growth(most) - growth(least),
      limit: 64,
      unit: 'MB',
    },
    ...Object.entries(cancelled.processes).flatMap(([name, { before, after }]) => [
      {
        name: `heap left by a cancelled stream, ${name}`,
        value: (after.heapBytes - before.heapBytes) / cancelled.streams,
        limit: 100,
        unit: 'bytes',
      },
      { name: `files left open, ${name}`, value: after.files - before.files, limit: 5, unit: 'files' },
      { name: `handles left, ${name}`, value: after.resources - before.resources, limit: 5, unit: 'handles' },
    ]),
  ];
}

/** Everything as text, for people. */
export function reportText(figures: Figures): string {
  const { translation, firstTokens, blobs, cancelled } = figures;
  const relay = firstTokens.find(({ target }) => target === 'relay');
  return [
    table([
      ['CPU a request', '/api us', '/v1 us', 'ratio'],
      ...translation.map(({ name, nativeUs, translatedUs, ratio }) => [
        name,
        nativeUs.toFixed(0),
        translatedUs.toFixed(0),
        ratio.toFixed(2),
      ]),
    ]),
    '',
    table([
      ['first token, 64 streams of 100 tokens', 'p50 ms', 'p99 ms', 'added p50', 'added p99'],
      ...firstTokens.map(({ target, p50Ms, p99Ms }) => [
        target,
        ...[p50Ms, p99Ms, p50Ms - (relay?.p50Ms ?? NaN), p99Ms - (relay?.p99Ms ?? NaN)].map((ms) => ms.toFixed(1)),
      ]),
    ]),
    '',
    table([
      ['blob MB', 'seconds', ...Object.keys(blobs[0]?.growthBytes ?? {}).map((name) => `${name} grew MB`)],
      ...blobs.map(({ bytes, elapsedMs, growthBytes }) => [
        (bytes / mebibyte).toFixed(0),
        (elapsedMs / 1_000).toFixed(1),
        ...Object.values(growthBytes).map((grown) => (grown / mebibyte).toFixed(0)),
      ]),
    ]),
    '',
    `After ${cancelled.streams} streams that were left after their first words:`,
    table([
      ['process', 'heap MB before', 'after', 'files before', 'after', 'handles before', 'after'],
      ...Object.entries(cancelled.processes).map(([name, { before, after }]) => [
        name,
        (before.heapBytes / mebibyte).toFixed(1),
        (after.heapBytes / mebibyte).toFixed(1),
        ...[before.files, after.files, before.resources, after.resources].map(String),
      ]),
    ]),
    '',
    table([
      ['bar', 'value', 'limit', ''],
      ...barsOf(figures).map((bar) => [
        bar.name,
        `${bar.value.toFixed(2)} ${bar.unit}`,
        `${bar.limit} ${bar.unit}`,
        holds(bar) ? 'ok' : 'BROKEN',
      ]),
    ]),
  ].join('\n');
}
