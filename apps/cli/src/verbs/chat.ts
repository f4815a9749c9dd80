import { ClusterError } from '@tutti/core';
import type { Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { pickModel } from '../talk/pick-model.ts';
import { repl, type ReplOptions } from '../talk/repl.ts';

export function declareChat(command: Command): void {
  startsWithExamples(command, 'tutti chat', 'tutti chat llama3.2:3b --node gpu0');
  command
    .argument('[model]', 'its name; else one that is in memory, or the smallest')
    .option('--node <node>', 'ask this node')
    .option('--system <text>', 'what the model is told first')
    .option('--format <format>', 'json, or a JSON schema')
    .option('-v, --verbose', 'tell the way and the speed of each answer');
  onCluster<ReplOptions>(command, async (session, named?: string) => {
    const model = named ?? (await pickModel(session.client));
    if (model !== undefined) return repl(session, model);
    throw new ClusterError('model_not_found', 'No node has a model. Fetch one with "tutti pull qwen3:0.6b".');
  });
}
