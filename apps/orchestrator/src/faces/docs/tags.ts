/** The groups of operations, in the order in which people read them. */
export const tags = [
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
  { name: 'OpenAI', description: "OpenAI's API, for its clients: base URL `/v1`." },
  { name: 'Ollama', description: "Ollama's API, for its clients: `OLLAMA_HOST` is this server." },
  { name: 'Anthropic', description: "Anthropic's API, for its clients: `ANTHROPIC_BASE_URL` is this server." },
] as const;

export type Tag = (typeof tags)[number]['name'];
