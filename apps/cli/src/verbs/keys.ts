import { ClusterError } from '@tutti/core';
import { Option, type Command } from 'commander';
import type { Key, NewKey } from '../connection/api.ts';
import { adminKeyFile, localSettings, readAdminKey } from '../connection/connect.ts';
import { durationMs } from '../duration.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster, withOutputOptions } from '../on-cluster.ts';
import { list, wholeNumber } from '../options.ts';
import { relative } from '../output/format.ts';
import { createOutput, type OutputOptions } from '../output/output.ts';
import { table } from '../output/table.ts';

interface CreateOptions {
  readonly role?: string;
  readonly models?: string[];
  readonly classes?: string[];
  readonly requestsPerMinute?: number;
  readonly concurrency?: number;
  readonly modelsWrite?: boolean;
  readonly ttl?: number;
}

export function declareKeys(command: Command): void {
  startsWithExamples(
    command,
    'tutti keys create laptop',
    'tutti keys create prometheus --role viewer --quiet > key.txt',
    'tutti keys create guest --models "llama3.2:*" --ttl 7d',
    'tutti keys admin --show',
  );
  declareCreate(command);
  declareLs(command);
  declareRevoke(command);
  declareAdmin(command);
}

function declareCreate(keys: Command): void {
  const create = keys
    .command('create')
    .description('make a key, and print it: it is shown once')
    .argument('<name>', 'for people')
    .addOption(new Option('--role <role>', 'user if left out').choices(['viewer', 'user', 'operator', 'admin']))
    .option('--models <models>', 'models that it may use, by comma; * stands for any letters', list)
    .option('--classes <classes>', 'priorities that it may ask for: interactive, default, batch', list)
    .option('--requests-per-minute <count>', 'most requests a minute', wholeNumber)
    .option('--concurrency <count>', 'most requests at a time', wholeNumber)
    .option('--models-write', 'it may pull, create, copy and delete models')
    .option('--ttl <time>', 'how long it lives; for ever if left out', durationMs);
  onCluster<CreateOptions>(create, async ({ client, output, options }, name) => {
    const { role, models, classes, requestsPerMinute, concurrency, modelsWrite, ttl: ttlMs } = options;
    const body = { name, role, models, classes, requestsPerMinute, concurrency, modelsWrite, ttlMs };
    const made = await client.json<NewKey>('POST', '/api/keys', { body });
    output.answer(made, () => made.secret);
    if (output.json) return;
    output.note(`This is the key "${name}", role ${made.key!.role}. It is shown only now; its id is ${made.key!.id}.`);
    output.next(`curl -H "Authorization: Bearer $KEY" ${client.url}/v1/models`);
  });
}

function declareLs(keys: Command): void {
  const headers = ['ID', 'NAME', 'ROLE', 'MODELS', 'WRITES MODELS', 'MADE', 'ENDS'];
  const ls = keys.command('ls').alias('list').description('list all keys, without their secrets');
  onCluster(ls, async ({ client, output }) => {
    const answer = await client.json<{ keys: Key[] }>('GET', '/api/keys');
    const row = ({ id, name, role, models, modelsWrite, createdAt, expiresAt }: Key): string[] => {
      const now = Date.now();
      const writes = modelsWrite ? 'yes' : 'no';
      return [id, name, role, models.join(',') || 'all', writes, relative(createdAt, now), relative(expiresAt, now)];
    };
    output.answer(answer, () => table(headers, answer.keys.map(row)));
    output.next('tutti keys create NAME');
  });
}

function declareRevoke(keys: Command): void {
  const revoke = keys.command('revoke').description('end a key at once').argument('<id>', 'its id');
  onCluster(revoke, async ({ client, output }, id) => {
    const key = await client.json<Key>('DELETE', `/api/keys/${encodeURIComponent(id)}`);
    output.answer(key, () => '');
    if (!output.json) output.note(`The key "${key.name}" (${id}) is let in no more.`);
    output.next('tutti keys ls');
  });
}

/** Asks no orchestrator: whoever can read the file is the admin. */
function declareAdmin(keys: Command): void {
  const admin = keys
    .command('admin')
    .description('tell where this machine keeps its admin key')
    .option('--show', 'print the key itself');
  withOutputOptions(admin).action(async (options: OutputOptions & { readonly show?: boolean }) => {
    const output = createOutput(options);
    const { dataFolder } = localSettings(process.env);
    const file = adminKeyFile(dataFolder);
    const key = await readAdminKey(dataFolder);
    if (key === undefined) {
      throw new ClusterError(
        'not_found',
        `There is no admin key that you can read at ${file}. It is made when an orchestrator first opens to the network: "tutti up --host 0.0.0.0".`,
      );
    }
    output.answer({ file, ...(options.show && { key }) }, () => (options.show ? key : file));
    if (!options.show) output.next('tutti keys admin --show');
  });
}
