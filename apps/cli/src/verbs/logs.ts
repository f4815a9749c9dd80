import { InvalidArgumentError, Option, type Command } from 'commander';
import type { LogLine, LogPage } from '../connection/api.ts';
import { serverSentEvents } from '../connection/stream-lines.ts';
import { durationMs } from '../duration.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { wholeNumber } from '../options.ts';
import { colour } from '../output/colour.ts';

interface Options {
  readonly follow?: boolean;
  readonly node?: string;
  readonly service?: string;
  readonly level?: string;
  readonly request?: string;
  readonly since?: string;
  readonly search?: string;
  readonly lines: number;
}

export function declareLogs(command: Command): void {
  startsWithExamples(command, 'tutti logs -f', 'tutti logs --level warn --since 1h', 'tutti logs --node gpu0 -n 20');
  command
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--node <node>', 'of the agent of this node')
    .addOption(new Option('--service <service>', 'of these processes').choices(['orchestrator', 'agent']))
    .addOption(new Option('--level <level>', 'the lowest').choices(['error', 'warn', 'info', 'debug']))
    .option('--request <id>', 'of this request, in all processes')
    .option('--since <time>', 'a time such as 10m or 2h, or RFC 3339', readSince)
    .option('--search <text>', 'whose message has this text')
    .option('-n, --lines <count>', 'most lines to begin with', wholeNumber, 100);
  onCluster<Options>(command, async ({ client, output, options }) => {
    const { follow, node, service, level, request, since, search, lines } = options;
    const query = { follow, node, service, level, requestId: request, from: since, q: search, pageSize: lines };
    const print = (line: LogLine): void => output.answer(line, () => describeLine(line));
    if (!follow) {
      const page = await client.json<LogPage>('GET', '/api/logs', { query });
      page.lines.toReversed().forEach(print);
      if (page.dropped > 0) output.note(`${page.dropped} lines were lost, because the store was slow or away.`);
      output.next('tutti logs -f');
      return;
    }
    const headers = { accept: 'text/event-stream' };
    let isFirst = true;
    for await (const page of serverSentEvents<LogPage>(await client.send('GET', '/api/logs', { query, headers }))) {
      // What was there already comes newest first, what is new comes as it was written.
      (isFirst ? page.lines.toReversed() : page.lines).forEach(print);
      isFirst = false;
    }
  });
}

function readSince(text: string): string {
  if (/^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  try {
    return new Date(Date.now() - durationMs(text)).toISOString();
  } catch {
    throw new InvalidArgumentError('Use a time such as 10m or 2h, or 2027-01-31T12:00:00Z.');
  }
}

const styles: Readonly<Record<string, Parameters<typeof colour>[0]>> = { error: 'red', warn: 'yellow', debug: 'dim' };

/** "12:00:00.000 info  orchestrator  serving port=3001" */
export function describeLine({ time, level, service, node, requestId, message, fieldsJson }: LogLine): string {
  const fields = Object.entries(JSON.parse(fieldsJson || '{}') as Record<string, unknown>);
  const rest = [...(requestId === '' ? [] : [['request', requestId] as const]), ...fields].map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const who = node === '' ? service : `${service} ${node}`;
  const shownLevel = colour(styles[level] ?? 'reset', level.padEnd(5));
  return [`${time} ${shownLevel} ${who}: ${message}`, colour('dim', rest.join(' '))].join(' ').trimEnd();
}
