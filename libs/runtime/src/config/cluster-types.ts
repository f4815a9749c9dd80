import { z } from 'zod';
import { hostName, list, nodeName, number, text, wholeNumber } from './types.ts';

const node = z
  .strictObject({
    name: nodeName.describe('Name, unique in the cluster.'),
    kind: z
      .enum(['agent', 'ollama'], {
        error: ({ input }) =>
          input === 'openai' ? 'not implemented yet; use one of: agent, ollama' : 'use one of: agent, ollama',
      })
      .default('agent')
      .describe('agent: a machine that joins. ollama: an Ollama without an agent.'),
    host: hostName.optional().describe('Host name or address of the machine.'),
    port: wholeNumber(1, 65_535).optional().describe('Port of the model server. Left out: its usual port.'),
    type: text.optional().describe('Class of machine, matched by what a route requires, for example gpu.'),
    platform: text.optional().describe('Platform, for example jetson.'),
    capabilities: list(text).optional().describe('What it is good for, matched by what a route requires.'),
    tier: wholeNumber(0, 100).optional().describe('Strength of its models: 0, 1, 2 and so on.'),
    weight: number(0, 1_000_000).optional().describe('Its part of the calls, for policies with weights.'),
    labels: z.record(z.string(), z.string()).optional().describe('Free names and values.'),
    trust: z.enum(['local', 'cluster', 'cloud']).optional().describe('How far text that goes there travels.'),
  })
  .refine(({ kind, host }) => kind !== 'ollama' || host !== undefined, {
    error: 'a node of kind ollama needs its host',
  });

/** Nodes as people write them down. */
export const nodes = list(node).refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
  error: 'use each name once',
});
