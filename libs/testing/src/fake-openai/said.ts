import { schemaInstance } from '../fake-ollama/schema-instance.ts';

/** What of a request the fake looks at. */
export interface OpenaiRequest {
  readonly model?: string;
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
  readonly prompt?: string;
  readonly input?: string | readonly string[];
  readonly encoding_format?: string;
  readonly dimensions?: number;
  readonly embd_normalize?: number;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly logprobs?: boolean | number;
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema: object } };
}

/** The words of the last turn, or the text to continue. */
export function promptOf({ messages, prompt = '' }: OpenaiRequest): string {
  const content = messages?.at(-1)?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return prompt;
  return content.map((part: { text?: string }) => part.text ?? '').join(' ');
}

/** One token a word, with the space before it. */
export function words(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** The tool that a prompt with `call:name` asks for; the arguments are always the same. */
export function calledTool({ tools = [] }: OpenaiRequest, prompt: string): string | undefined {
  const name = /call:([\w.-]+)/.exec(prompt)?.[1];
  return tools.some((tool) => tool.function.name === name) ? name : undefined;
}

export const toolArguments = '{"city":"Paris"}';

/** The tokens of an answer. */
export function tokensOf(
  request: OpenaiRequest,
  prompt: string,
  { answer, tokens }: { readonly answer?: ((prompt: string) => string) | undefined; readonly tokens: number },
): Iterable<string> {
  const { response_format: format } = request;
  if (format?.type === 'json_object') return ['{', '}'];
  if (format?.json_schema) return JSON.stringify(schemaInstance(format.json_schema.schema)).match(/\w+|\W/g) ?? [];
  return answer ? words(answer(prompt)) : repeated(words(prompt), tokens);
}

function* repeated(source: readonly string[], count: number): Generator<string> {
  const spaced = source.length > 0 ? source.map((word) => ` ${word.trim()}`) : [' Hello'];
  for (let i = 0; i < count; i++) yield i === 0 ? spaced[0]!.trim() : spaced[i % spaced.length]!;
}
