import { barsOf, holds, resultOf, type Bar, type Figures } from './bars.ts';
import { inAll, typical, type Cost, type Result, type Round } from './rounds.ts';
import { table } from './table.ts';
import { oneAtATime, streams, wholeAnswers } from './workload.ts';

/** Everything as one object, for machines. */
export function reportJson(figures: Figures): string {
  const { results, memoryPerStream, startCpuMs } = figures;
  const bars = barsOf(figures).map((bar) => ({ ...bar, ok: holds(bar) }));
  const targets = results.map((result) => summaryOf(result, resultOf(results, 'direct')));
  return JSON.stringify({ targets, memoryPerStream, startCpuMs, bars });
}

/** Everything as text, for people. */
export function reportText(figures: Figures): string {
  const summaries = figures.results.map((result) => summaryOf(result, resultOf(figures.results, 'direct')));
  const nginx = summaries.some(({ name }) => name === 'nginx')
    ? []
    : ['nginx is not installed, so it is not compared.'];
  return [
    `req/s and CPU a request: ${wholeAnswers.concurrency} clients, whole answers of ${wholeAnswers.tokens} tokens.`,
    `CPU a token: ${streams.concurrency} clients, streams of ${streams.tokens} tokens. Latency: 1 client, ${oneAtATime.tokens} tokens.`,
    ...nginx,
    '',
    table([latencyHead, ...summaries.map(latencyRow)]),
    '',
    table([costHead, ...summaries.flatMap(costRows)]),
    '',
    table([['bar', 'value', 'limit', ''], ...barsOf(figures).map(barRow)]),
  ].join('\n');
}

interface Summary {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  /** By process. */
  readonly requestCostUs: Cost;
  readonly tokenCostUs: Cost;
  readonly rssBytes: Readonly<Record<string, number>>;
}

function summaryOf(result: Result, direct: Result): Summary {
  const p50 = ({ p50Ms }: Round): number => p50Ms;
  const p99 = ({ p99Ms }: Round): number => p99Ms;
  const costs = (read: (round: Round) => Cost): Cost =>
    Object.fromEntries(Object.keys(result.rss).map((name) => [name, typical(result, (round) => read(round)[name]!)]));
  return {
    name: result.target.name,
    requestsPerSecond: typical(result, ({ requestsPerSecond }) => requestsPerSecond),
    p50Ms: typical(result, p50),
    p99Ms: typical(result, p99),
    addedP50Ms: typical(result, p50) - typical(direct, p50),
    addedP99Ms: typical(result, p99) - typical(direct, p99),
    requestCostUs: costs(({ requestCost }) => requestCost),
    tokenCostUs: costs(({ tokenCost }) => tokenCost),
    rssBytes: result.rss,
  };
}

const latencyHead = ['target', 'req/s', 'p50 ms', 'p99 ms', 'added p50', 'added p99'];

function latencyRow({ name, requestsPerSecond, p50Ms, p99Ms, addedP50Ms, addedP99Ms }: Summary): string[] {
  return [name, requestsPerSecond.toFixed(0), ...[p50Ms, p99Ms, addedP50Ms, addedP99Ms].map((ms) => ms.toFixed(2))];
}

const costHead = ['target', 'process', 'CPU us/request', 'CPU us/token', 'RSS MB'];

/** A row for each process, and one for all if there are several. */
function costRows({ name, requestCostUs, tokenCostUs, rssBytes }: Summary): string[][] {
  const row = (process: string, requestUs: number, tokenUs: number, bytes: number): string[] => [
    name,
    process,
    requestUs.toFixed(0),
    tokenUs.toFixed(2),
    (bytes / 2 ** 20).toFixed(0),
  ];
  const processes = Object.keys(rssBytes);
  const rows = processes.map((process) =>
    row(process, requestCostUs[process]!, tokenCostUs[process]!, rssBytes[process]!),
  );
  if (processes.length > 1) rows.push(row('in all', inAll(requestCostUs), inAll(tokenCostUs), inAll(rssBytes)));
  return rows;
}

function barRow(bar: Bar): string[] {
  return [bar.name, `${bar.value.toFixed(2)} ${bar.unit}`, `${bar.limit} ${bar.unit}`, holds(bar) ? 'ok' : 'BROKEN'];
}
