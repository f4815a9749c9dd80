import { holds, type Bar } from './bars.ts';
import type { EarlyStop } from './early-stop.ts';
import { gainOf, shareOf, type Estimated } from './interval.ts';
import { debates, type Cell } from './map.ts';
import { costOf, type Outcome } from './scripts.ts';

/** The map as Markdown. */
export function mapMarkdown(cells: readonly Cell[]): string {
  return [
    'Right answers in %, with their range at 95 %. **Bold**: more than `single` over the same questions, beyond chance at 95 %; *italic*: fewer; else it may be chance.',
    '',
    rows(
      ['accuracy, correlation', 'single', 'vote 3', 'vote 5', ...debates, 'auto', 'larger alone'],
      cells.map(rightRow),
    ),
    '',
    'What a question takes: calls, and generated tokens. Of a vote all calls begin; its early stop spares tokens.',
    '',
    rows(
      ['accuracy, correlation', 'single', 'vote 3', 'vote 5', ...debates, 'auto', 'of them larger'],
      cells.map(costRow),
    ),
    '',
    'At about equal calls: debate beside a vote of three, which takes fewer, and of five, which takes about as many or more; auto beside votes of',
    'small ones, and beside the larger model alone. Differences in percentage points, with their range; marked as above.',
    '',
    rows(
      [
        'accuracy, correlation',
        ...debates.flatMap((name) => [`${name}: over vote 3`, 'over vote 5']),
        'auto: over vote 3',
        'over vote 5',
        'over larger',
      ],
      cells.map(againstRow),
    ),
  ].join('\n');
}

export function stopsMarkdown(stops: readonly EarlyStop[]): string {
  return rows(
    [
      'stop',
      'members',
      'accuracy',
      'answers heard',
      'by the formula',
      'calls not waited for',
      'tokens spared',
      'spared one at a time',
      'answers changed',
      'right ones lost',
    ],
    stops.map(({ stop, members, accuracy, heard, expected, tokens, fixedTokens, queuedTokens, changed, lost }) => [
      ...[stop, String(members), String(accuracy), heard.toFixed(2), expected?.toFixed(2) ?? '-'],
      ...[percent((members - heard) / members), percent(1 - tokens / fixedTokens)],
      ...[queuedTokens === undefined ? '-' : percent(1 - queuedTokens / fixedTokens)],
      ...[stop === 'exact' ? percent(changed.value) : ranged(changed), percent(lost)],
    ]),
  );
}

export function barsMarkdown(bars: readonly Bar[]): string {
  return rows(
    ['bar', 'value', 'limit', ''],
    bars.map((bar) => [bar.name, shown(bar.value, bar), shown(bar.limit, bar), holds(bar) ? 'ok' : 'BROKEN']),
  );
}

function rightRow({ accuracy, correlation, outcomes }: Cell): string[] {
  const single = hitsOf(outcomes, 'single');
  const cells = ['vote 3', 'vote 5', ...debates, 'auto', 'larger'].map((name) => {
    const hits = hitsOf(outcomes, name);
    return marked(ranged(shareOf(hits)), gainOf(hits, single));
  });
  return [`${accuracy}, ${correlation}`, ranged(shareOf(single)), ...cells];
}

function costRow({ accuracy, correlation, outcomes }: Cell): string[] {
  const costs = ['single', 'vote 3', 'vote 5', ...debates, 'auto'].map((name) => {
    const { calls, tokens } = costOf(outcomes.get(name)!);
    return `${calls.toFixed(1)}, ${tokens.toFixed(0)}`;
  });
  const larger = outcomes.get('auto')!.map(({ played }) => played.entries.filter(isOfLarger).length);
  return [
    `${accuracy}, ${correlation}`,
    ...costs,
    (larger.reduce((sum, one) => sum + one, 0) / larger.length).toFixed(1),
  ];
}

function isOfLarger({ event }: Outcome['played']['entries'][number]): boolean {
  return event.type === 'asked' && event.label.role === 'larger';
}

function againstRow({ accuracy, correlation, outcomes }: Cell): string[] {
  const against = (name: string, other: string): string => {
    const gain = gainOf(hitsOf(outcomes, name), hitsOf(outcomes, other));
    return marked(`${signed(gain.value)} (${signed(gain.low)} to ${signed(gain.high)})`, gain);
  };
  return [
    `${accuracy}, ${correlation}`,
    ...debates.flatMap((name) => [against(name, 'vote 3'), against(name, 'vote 5')]),
    ...['vote 3', 'vote 5', 'larger'].map((other) => against('auto', other)),
  ];
}

function hitsOf(outcomes: Cell['outcomes'], name: string): readonly boolean[] {
  return outcomes.get(name)!.map(({ isRight }) => isRight);
}

function marked(text: string, { low, high }: Estimated): string {
  if (low > 0) return `**${text}**`;
  return high < 0 ? `*${text}*` : text;
}

function ranged({ value, low, high }: Estimated): string {
  return `${points(value)} (${points(low)}-${points(high)})`;
}

function signed(value: number): string {
  const text = points(value);
  return value > 0 && text !== '0' ? `+${text}` : text;
}

function points(value: number): string {
  return String(Math.round(100 * value) + 0);
}

function percent(value: number): string {
  return `${(100 * value + 0).toFixed(1)} %`;
}

function shown(value: number, { unit }: Bar): string {
  return `${Number(value.toFixed(2))} ${unit}`;
}

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
