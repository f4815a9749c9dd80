import { ClusterError } from '@tutti/core';
import { version } from '@tutti/runtime';
import { measured } from '../output/format.ts';
import { broken, ok, warning, type Finding, type Patient } from './finding.ts';

/** Certificates and tokens have minutes of slack; logs of two machines are hard to read before that. */
const muchSkewMs = 5_000;
const badSkewMs = 60_000;

export function checkOrchestrator({ client, cluster }: Patient): Finding {
  const name = 'orchestrator';
  if (client instanceof Error) return broken(name, 'it is not known where it is', client.message);
  if (cluster instanceof Error) {
    const [detail, fix] =
      cluster instanceof ClusterError ? explanation(cluster) : ['it does not answer', cluster.message];
    return broken(name, detail, fix);
  }
  const { status } = cluster;
  const detail = `${status.version} at ${client.url}, which lets you in`;
  if (status.version === version) return ok(name, detail);
  return warning(name, `${detail}; this is ${version}`, 'Bring both to the same version.');
}

function explanation({ reason, message }: ClusterError): [detail: string, fix: string] {
  if (reason === 'unauthenticated' || reason === 'forbidden') {
    return [
      message,
      'Give a key of role operator or admin: --key-file, TUTTI_KEY. "tutti keys admin" tells where one is.',
    ];
  }
  const [first = message, ...rest] = message.split('. ');
  return [first, rest.join('. ')];
}

export function checkClock({ cluster }: Patient): Finding | undefined {
  if (cluster instanceof Error) return undefined;
  const { aheadMs } = cluster;
  const skewMs = Math.abs(aheadMs);
  const detail = `the orchestrator is ${measured(skewMs)} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
  if (skewMs <= muchSkewMs) return ok('clock', `within ${muchSkewMs / 1_000} s of the orchestrator's`);
  const fix = 'Let both machines keep their time by NTP: timedatectl set-ntp true';
  return skewMs > badSkewMs ? broken('clock', detail, fix) : warning('clock', detail, fix);
}

export function checkNodes({ cluster }: Patient): Finding | undefined {
  if (cluster instanceof Error) return undefined;
  const { nodes } = cluster;
  const ready = nodes.filter(({ status }) => status === 'READY');
  const detail = `${ready.length} of ${nodes.length} ready`;
  const problems = nodes.filter(({ problem }) => problem !== '').map(({ name, problem }) => `${name}: ${problem}`);
  if (ready.length === 0) return broken('nodes', detail, problems.join('\n') || 'Start an agent: tutti agent');
  return problems.length === 0 ? ok('nodes', detail) : warning('nodes', detail, problems.join('\n'));
}

export function checkStore({ cluster }: Patient): Finding | undefined {
  if (cluster instanceof Error || !cluster.health.store) return undefined;
  const { kind, status, error, droppedLines } = cluster.health.store;
  const fix = 'Start the database, and see mongodb.uri. Models answer meanwhile; log lines are lost.';
  if (status !== 'ok') return broken('store', `${kind} is away: ${error}`, fix);
  if (droppedLines === 0) return ok('store', kind);
  return warning(
    'store',
    `${kind} has lost ${droppedLines} log lines`,
    'The database was slow or away; see its own log.',
  );
}
