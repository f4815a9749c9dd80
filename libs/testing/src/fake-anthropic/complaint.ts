interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly input?: unknown;
}

interface Turn {
  readonly role: string;
  readonly content: string | readonly Block[];
}

/** What of a request the fake looks at. */
export interface AnthropicRequest {
  readonly model: string;
  readonly max_tokens?: number;
  readonly messages: readonly Turn[];
  readonly system?: unknown;
  readonly tools?: readonly { readonly name: string; readonly input_schema?: { readonly type?: string } }[];
  readonly thinking?: { readonly type: string; readonly budget_tokens?: number };
  readonly stop_sequences?: readonly string[];
  readonly output_config?: { readonly format?: { readonly schema: object } };
}

const fields: ReadonlySet<string> = new Set(
  (
    'model max_tokens messages system tools tool_choice thinking stop_sequences output_config stream temperature top_p ' +
    'top_k metadata service_tier cache_control'
  ).split(' '),
);

/** What Anthropic refuses, in about its words; undefined: nothing. */
export function complaintAbout(request: AnthropicRequest): string | undefined {
  const unknown = Object.keys(request).find((key) => !fields.has(key));
  if (unknown !== undefined) return `${unknown}: Extra inputs are not permitted`;
  const { max_tokens: most, messages, thinking, tools = [] } = request;
  if (most === undefined) return 'max_tokens: Field required';
  if (messages.length === 0) return 'messages: at least one message is required';
  if (tools.some((tool) => tool.input_schema?.type !== 'object'))
    return 'tools.0.custom.input_schema.type: Field required';
  if (thinking?.type === 'enabled' && !(thinking.budget_tokens! >= 1_024 && thinking.budget_tokens! < most)) {
    return '`max_tokens` must be greater than `thinking.budget_tokens`';
  }
  for (const [at, turn] of messages.entries()) {
    const complaint = complaintAboutTurn(turn, at, messages[at - 1]);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function complaintAboutTurn({ role, content }: Turn, at: number, before: Turn | undefined): string | undefined {
  if (role !== 'user' && role !== 'assistant') return `messages.${at}.role: Input should be 'user' or 'assistant'`;
  if (role === before?.role) return `messages.${at}: the fake wants turns that alternate`;
  const blocks = blocksOf(content);
  if (blocks.length === 0) return `messages.${at}: all messages must have non-empty content`;
  if (blocks.some(({ type, text }) => type === 'text' && !text))
    return 'messages: text content blocks must be non-empty';
  const asked = blocksOf(before?.content ?? []).flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []));
  const answered = blocks.flatMap(({ type, tool_use_id: id }) => (type === 'tool_result' ? [id] : []));
  const open = asked.find((id) => !answered.includes(id));
  if (open !== undefined) return `messages.${at}: tool_use ids were found without tool_result blocks: ${open}`;
  const stray = answered.find((id) => !asked.includes(id));
  return stray === undefined ? undefined : `messages.${at}: unexpected tool_use_id found: ${stray}`;
}

export function blocksOf(content: Turn['content']): readonly Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
