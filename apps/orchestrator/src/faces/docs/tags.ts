import type { Face, Tag } from '../face.ts';
import { faces } from '../faces.ts';

/** The groups of our own operations, in the order in which people read them. */
const ownTags = [
  { name: 'Start here', description: 'Whether it runs, signing in, and this description.' },
  { name: 'Chat', description: "Talk to a model. These are Ollama's paths; OpenAI's are further down." },
  {
    name: 'Patterns',
    description: 'Several models give one answer: ensemble, debate, plan. Runs, and what happens in them.',
  },
  { name: 'Workflows', description: 'A request split into tasks, done by you, by the cluster, or by both.' },
  { name: 'Conversations', description: 'Specialists who talk with you over many turns, use tools, and remember.' },
  { name: 'Cluster', description: 'All machines as one.' },
  { name: 'Nodes', description: 'The machines: what they are, what they hold, and steering them.' },
  { name: 'Queue', description: 'The calls that wait for a node.' },
  { name: 'Performance', description: 'What makes answers come sooner, and why they come when they do.' },
  { name: 'Admin', description: 'How the orchestrator does, and its settings.' },
  { name: 'Logs', description: 'The one log of all processes.' },
  { name: 'Keys', description: 'Keys of clients and join tokens of machines.' },
] as const satisfies readonly Tag[];

export type OwnTag = (typeof ownTags)[number]['name'];

/** Dialects come last, OpenAI first: it is what most clients look for. */
const faceTags = Object.values<Face>(faces)
  .flatMap(({ tag }) => tag ?? [])
  .toSorted((a, b) => Number(b.name === 'OpenAI') - Number(a.name === 'OpenAI'));

export const tags: readonly Tag[] = [...ownTags, ...faceTags];
