import { ClusterError } from '@tutti/core';
import { createTurn, patterns, type OfferedTool, type Pattern, type RunFixture } from '@tutti/core/patterns';

const table: Readonly<Record<string, Pattern>> = patterns;

/** The pattern that a journal is of. A turn of a conversation has the tools that it had, which are not used again. */
export function replayedPattern({ pattern: name, entries }: RunFixture): Pattern {
  if (name === 'turn') return createTurn(toolsIn(entries));
  if (Object.hasOwn(table, name)) return table[name]!;
  throw new ClusterError('not_found', `There is no pattern "${name}" here.`);
}

function toolsIn(entries: RunFixture['entries']) {
  const [first] = entries;
  const input = first?.event.type === 'started' ? first.event.input : {};
  const offered = (input.tools ?? []) as readonly OfferedTool[];
  return Object.fromEntries(offered.map((tool) => [tool.name, { ...tool, run: refuse }]));
}

async function refuse(): Promise<never> {
  throw new ClusterError('failed_precondition', 'A replay uses no tool; the journal has no answer to this.');
}
