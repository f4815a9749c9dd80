import type { Explanation } from '../connection/api.ts';
import { colour } from './colour.ts';
import { measured, span, thousands } from './format.ts';
import { facts, table } from './table.ts';

type Choice = Explanation['choices'][number];
type Candidate = Choice['candidates'][number];

/** A request's story, seen at `now` in ms since 1970. */
export function describeExplanation(explanation: Explanation, now: number): string {
  const { requestId, model, arrivedAt, promptTokens, expectedOutputTokens, choices } = explanation;
  const sizes = `${thousands(promptTokens)} prompt tokens, about ${thousands(expectedOutputTokens)} to generate`;
  const head = [
    `Request ${requestId}, ${span(now - Date.parse(arrivedAt))} ago`,
    choices.length === 0 ? model : `${model}, ${sizes}`,
  ];
  const parts = choices.length === 0 ? ['No node was chosen for it.'] : choices.map(describeChoice);
  return [head.join('\n'), ...parts, describeOutcome(explanation.outcome)].join('\n\n');
}

const headers = [
  '',
  'NODE',
  'HOW',
  'TOTAL',
  'WAIT',
  'LOAD',
  'PROMPT',
  'OUTPUT',
  'EVICTION',
  'CACHED',
  'CONTEXT',
  'EVICTS',
];

function describeChoice({ attempt, node, policy, reason, afterMs, candidates, excluded, otherwise }: Choice): string {
  const title = `Attempt ${attempt}: ${colour('bold', node)}, ${reason} (${policy}, after ${measured(afterMs)})`;
  const lines = [
    title,
    indented(
      table(
        headers,
        candidates.map((candidate) => row(candidate, node)),
      ),
    ),
  ];
  if (excluded.length > 0) lines.push('Not possible:', facts(excluded.map((other) => [other.node, other.reason])));
  if (otherwise !== '') lines.push(otherwise);
  return lines.join('\n');
}

function row(candidate: Candidate, chosen: string): string[] {
  const { node, kind, totalMs, waitMs, loadMs, prefillMs, decodeMs, evictionMs, cachedTokens, numCtx, evict } =
    candidate;
  return [
    node === chosen ? '*' : '',
    node,
    kind === 'resident' ? 'in memory' : kind,
    ...[totalMs, waitMs, loadMs, prefillMs, decodeMs, evictionMs].map((ms) => (ms === 0 ? '-' : measured(ms))),
    cachedTokens === 0 ? '-' : thousands(cachedTokens),
    numCtx === undefined ? '-' : String(numCtx),
    evict.join(', ') || '-',
  ];
}

function describeOutcome(outcome: Explanation['outcome']): string {
  if (!outcome) return 'It is not over yet.';
  const { status, node, attempts, queueMs, totalMs, firstTokenMs, loadMs } = outcome;
  const { promptTokens, cachedTokens, outputTokens } = outcome;
  const where = node === '' ? '' : ` on ${node}`;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const cached = cachedTokens === undefined ? '' : `, ${thousands(cachedTokens)} of them cached`;
  const times = facts([
    ['waited', measured(queueMs)],
    ['loaded', loadMs === undefined ? '' : measured(loadMs)],
    ['first output after', firstTokenMs === undefined ? '' : measured(firstTokenMs)],
    ['all after', measured(totalMs)],
    ['prompt', promptTokens === undefined ? '' : `${thousands(promptTokens)} tokens${cached}`],
    ['output', outputTokens === undefined ? '' : `${thousands(outputTokens)} tokens`],
  ]);
  return `Outcome: ${status}${where}, ${tries}\n${times}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
