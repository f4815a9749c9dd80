import type { Command } from 'commander';
import type { JoinToken, NewJoinToken } from '../connection/api.ts';
import { durationMs } from '../duration.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { wholeNumber } from '../options.ts';
import { relative } from '../output/format.ts';
import { table } from '../output/table.ts';

interface CreateOptions {
  readonly ttl?: number;
  readonly uses?: number;
}

export function declareToken(command: Command): void {
  startsWithExamples(command, 'tutti token create', 'tutti token create --ttl 1h --uses 2', 'tutti token ls');

  const create = command
    .command('create')
    .description('make a token, and print the line to paste on the other machine')
    .option('--ttl <time>', 'how long it can be used; 1h if left out', durationMs)
    .option('--uses <count>', 'machines that may join with it; 1 if left out', wholeNumber);
  onCluster<CreateOptions>(create, async ({ client, output, options }) => {
    const body = { ttlMs: options.ttl, uses: options.uses };
    const made = await client.json<NewJoinToken>('POST', '/api/tokens', { body });
    output.answer(made, () => made.command);
    if (output.json) return;
    const { id, usesLeft, expiresAt } = made.token!;
    const machines = usesLeft === 1 ? 'the other machine' : `each of ${usesLeft} machines`;
    output.note(`Paste this line on ${machines}. It ends ${relative(expiresAt, Date.now())}; its id is ${id}.`);
  });

  const ls = command.command('ls').alias('list').description('list the tokens that can still be used');
  onCluster(ls, async ({ client, output }) => {
    const answer = await client.json<{ tokens: JoinToken[] }>('GET', '/api/tokens');
    const row = ({ id, usesLeft, createdAt, expiresAt }: JoinToken): string[] => {
      const now = Date.now();
      return [id, String(usesLeft), relative(createdAt, now), relative(expiresAt, now)];
    };
    output.answer(answer, () => table(['ID', 'USES LEFT', 'MADE', 'ENDS'], answer.tokens.map(row)));
    output.next('tutti token create');
  });

  const revoke = command.command('revoke').description('end a token at once').argument('<id>', 'its id');
  onCluster(revoke, async ({ client, output }, id) => {
    const token = await client.json<JoinToken>('DELETE', `/api/tokens/${encodeURIComponent(id)}`);
    output.answer(token, () => '');
    if (!output.json) output.note(`Token ${id} can no longer be used. Machines that joined with it stay.`);
    output.next('tutti token ls');
  });
}
