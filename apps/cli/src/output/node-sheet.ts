import type { Node } from '../connection/api.ts';
import { bytes, measured, span } from './format.ts';
import { breakerRemarks } from './node-remarks.ts';
import { statusWord } from './node-table.ts';
import { facts, table } from './table.ts';

/** All that is known of one node, in sections. */
export function nodeSheet(node: Node): string {
  const { problem, warnings, breaker, runners, speeds } = node;
  const troubles = [...(problem === '' ? [] : [problem]), ...breakerRemarks(breaker), ...warnings];
  return [
    facts(about(node), ''),
    section('Trouble', troubles.join('\n')),
    section('In memory', runners.length === 0 ? '' : table(runnerHeaders, runners.map(runnerRow))),
    section('Measured', speeds.length === 0 ? '' : table(speedHeaders, speeds.map(speedRow))),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function about(node: Node): [string, string][] {
  const { name, id, kind, status, backend, backendVersion, agentVersion, heartbeatAgeMs, certificateExpiresAt } = node;
  const { attributes, modelMemoryBytes, modelCount } = node;
  const labels = Object.entries(attributes?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    ['name', name],
    ['state', statusWord(status)],
    ['kind', kind],
    ['id', id],
    ['backend', `${backend} ${backendVersion}`.trim()],
    ['agent', agentVersion],
    ['heard of', heartbeatAgeMs === undefined ? '' : `${span(heartbeatAgeMs)} ago`],
    ['models', String(modelCount)],
    ['memory', modelMemoryBytes === undefined ? '' : `${bytes(modelMemoryBytes)} for models`],
    ['slots', slotsText(node)],
    ['tier', text(attributes?.tier)],
    ['weight', text(attributes?.weight)],
    ['trust', attributes?.trust ?? ''],
    ['type', attributes?.type ?? ''],
    ['platform', attributes?.platform ?? ''],
    ['good for', attributes?.capabilities.join(', ') ?? ''],
    ['labels', labels.join(', ')],
    ['certificate', certificateExpiresAt === '' ? '' : `until ${certificateExpiresAt}`],
  ];
}

function slotsText({ slots }: Node): string {
  if (!slots) return '';
  const { total, busy, waiting, inFlight, zombie } = slots;
  const burning = zombie > 0 ? `, ${zombie} perhaps still burning for calls that were cancelled` : '';
  return `${busy} of ${total} busy, ${waiting} waiting, ${inFlight} from here${burning}`;
}

const runnerHeaders = ['MODEL', 'SIZE', 'CONTEXT', 'RUNNING', 'PROBLEM'];

function runnerRow({ model, sizeBytes, contextLength, inFlight, problem }: Node['runners'][number]): string[] {
  return [model, sizeBytes === undefined ? '-' : bytes(sizeBytes), text(contextLength, '-'), text(inFlight), problem];
}

const speedHeaders = ['MODEL', 'PROMPT', 'OUTPUT', 'LOAD', 'CALLS'];

function speedRow({ model, prefillPerSecond, decodePerSecond, loadMs, samples }: Node['speeds'][number]): string[] {
  const load = loadMs === undefined ? '-' : measured(loadMs);
  return [model, perSecond(prefillPerSecond), perSecond(decodePerSecond), load, String(samples)];
}

function perSecond(tokens: number | undefined): string {
  return tokens === undefined ? '-' : `${tokens.toFixed(tokens < 100 ? 1 : 0)} tok/s`;
}

function text(value: number | undefined, unknown = ''): string {
  return value === undefined ? unknown : String(value);
}

function section(title: string, body: string): string {
  return body === '' ? '' : `${title}\n${body.replaceAll(/^/gm, '  ')}`;
}
