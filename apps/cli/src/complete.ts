import tab from '@bomb.sh/tab/commander';
import type { RootCommand } from '@bomb.sh/tab';
import { connect } from './connection/connect.ts';
import { createWholeProgram } from './program.ts';

type Complete = (value: string, description: string) => void;

/** A person waits for it, at each press of the key. */
const longestMs = 500;

/** Answers a shell that asks how a line may go on: `tutti complete -- run lla`. */
export async function complete(args: readonly string[]): Promise<void> {
  const words = args.filter((_, i) => i > 0 || args[0] !== '--');
  const program = await createWholeProgram();
  const root = tab(program, { completionCommandName: 'completion-script' });
  await addNames(root, words);
  root.parse([...words]);
}

/** Names of models and nodes, and ids of runs, where one may stand. An orchestrator that is not there has none. */
async function addNames(root: RootCommand, words: readonly string[]): Promise<void> {
  const [verb = ''] = words;
  const commands = [...root.commands].filter(([name]) => name === verb || name.startsWith(`${verb} `));
  const parts = commands.flatMap(([, { arguments: operands, options }]) => [
    { part: operands.get('model'), path: '/api/cluster/models', list: 'models' },
    { part: operands.get('node'), path: '/api/nodes', list: 'nodes' },
    { part: options.get('node'), path: '/api/nodes', list: 'nodes' },
    { part: operands.get('run'), path: '/api/patterns/executions', list: 'executions' },
    { part: operands.get('conversation'), path: '/api/agents/conversations', list: 'conversations' },
    { part: options.get('models'), path: '/api/cluster/models', list: 'models' },
  ]);
  await Promise.all(
    parts.map(async ({ part, path, list }) => {
      if (!part) return;
      const names = await namesAt(path, list);
      part.handler = (add: Complete) => names.forEach((name) => add(name, ''));
    }),
  );
}

async function namesAt(path: string, list: string): Promise<string[]> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), longestMs);
  try {
    const client = await connect({}, process.env);
    const answer = await client.json<Record<string, { name?: string; id?: string }[]>>('GET', path, {
      signal: late.signal,
    });
    return answer[list]!.map(({ name, id = '' }) => name ?? id);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
