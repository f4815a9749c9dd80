import { z } from 'zod';
import { count, hostName, list, nodeName, number, serverAddress, text, truth, wholeNumber } from './types.ts';

const node = z
  .strictObject({
    name: nodeName.describe('Name, unique in the cluster.'),
    kind: z
      .enum(['agent', 'ollama', 'openai', 'anthropic'])
      .default('agent')
      .describe(
        'agent: a machine that joins. ollama: an Ollama without an agent. openai, anthropic: a server with that API.',
      ),
    host: hostName.optional().describe('Host name or address of the machine.'),
    url: serverAddress.optional().describe('Base URL of a server of kind openai or anthropic.'),
    apiKey: text.optional().describe('Its API key; write ${env:NAME} to keep it out of the file.'),
    models: list(text).optional().describe('Models that it offers. Left out: all that it lists.'),
    slots: count.optional().describe('Most calls there at a time. Left out: what it tells, else what is usual.'),
    strict: truth.optional().describe("Whether it refuses fields that its API's maker has no name for."),
    port: wholeNumber(1, 65_535).optional().describe('Port of the model server. Left out: its usual port.'),
    type: text.optional().describe('Class of machine, matched by what a route requires, for example gpu.'),
    platform: text.optional().describe('Platform, for example jetson.'),
    capabilities: list(text).optional().describe('What it is good for, matched by what a route requires.'),
    tier: wholeNumber(0, 100).optional().describe('Strength of its models: 0, 1, 2 and so on.'),
    weight: number(0, 1_000_000).optional().describe('Its part of the calls, for policies with weights.'),
    labels: z.record(z.string(), z.string()).optional().describe('Free names and values.'),
    trust: z
      .enum(['local', 'cluster', 'cloud'])
      .optional()
      .describe('How far text that goes there travels. Left out: cloud for a url on the internet.'),
  })
  .refine(({ kind, host }) => kind !== 'ollama' || host !== undefined, {
    error: 'a node of kind ollama needs its host',
  })
  .refine(({ kind, url }) => (kind === 'openai' || kind === 'anthropic') === (url !== undefined), {
    error: 'a node of kind openai or anthropic needs its url, and no other has one',
  });

/** Nodes as people write them down. */
export const nodes = list(node).refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
  error: 'use each name once',
});
