import { firstJsonValue } from './json-syntax.ts';
import { foreverMs, parseGoDuration } from './go-duration.ts';
import { typeError, type GoType } from './go-struct.ts';

export interface Message {
  readonly role?: string;
  readonly content?: string;
}

/** A checked body of `/api/chat`, `/api/generate`, `/api/embed`, or of a route about one model. */
export interface Request {
  readonly model?: string | null;
  readonly name?: string | null;
  readonly messages?: readonly Message[] | null;
  readonly prompt?: string | null;
  readonly suffix?: string | null;
  readonly system?: string | null;
  readonly template?: string | null;
  readonly context?: readonly number[] | null;
  readonly raw?: boolean | null;
  readonly input?: unknown;
  readonly dimensions?: number | null;
  readonly stream?: boolean | null;
  readonly format?: unknown;
  readonly keep_alive?: unknown;
  readonly tools?: readonly unknown[] | null;
  readonly options?: Readonly<Record<string, unknown>> | null;
  readonly think?: boolean | string | null;
  readonly truncate?: boolean | null;
  readonly shift?: boolean | null;
  readonly logprobs?: boolean | null;
  readonly top_logprobs?: number | null;
  readonly source?: string | null;
  readonly destination?: string | null;
  readonly from?: string | null;
  readonly files?: Readonly<Record<string, string>> | null;
  readonly adapters?: Readonly<Record<string, string>> | null;
}

const string: GoType = { kind: 'string' };
const bool: GoType = { kind: 'bool' };
const int: GoType = { kind: 'int' };
const map: GoType = { kind: 'map' };
const any: GoType = { kind: 'any' };
const list = (go: string, of: GoType): GoType => ({ kind: 'list', go, of });

const image: GoType = {
  kind: 'custom',
  check: (value) => {
    if (typeof value !== 'string') return undefined;
    const bad = /[^A-Za-z0-9+/=]/.exec(value);
    return bad ? `illegal base64 data at input byte ${bad.index}` : undefined;
  },
};
const images = list('[]api.ImageData', image);

const keepAlive: GoType = {
  kind: 'custom',
  check: (value) => {
    if (typeof value === 'number') return undefined;
    if (typeof value === 'string') {
      const parsed = parseGoDuration(value);
      return 'error' in parsed ? parsed.error : undefined;
    }
    const type =
      typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
    return `Unsupported type: '${type}'`;
  },
};

const think: GoType = {
  kind: 'custom',
  check: (value) => {
    const allowed = '"high", "medium", "low", true, or false';
    if (typeof value === 'boolean' || value === 'high' || value === 'medium' || value === 'low') return undefined;
    if (typeof value === 'string') return `invalid think value: ${JSON.stringify(value)} (must be ${allowed})`;
    return `think must be a boolean or string (${allowed})`;
  },
};

const toolArguments: GoType = {
  kind: 'custom',
  check: (value) =>
    typeof value === 'object' && !Array.isArray(value)
      ? undefined
      : "Value looks like object, but can't find closing '}' symbol",
};

const toolCallFunction: GoType = {
  kind: 'struct',
  go: 'api.ToolCallFunction',
  fields: { index: int, name: string, arguments: toolArguments },
};
const toolCall: GoType = { kind: 'struct', go: 'api.ToolCall', fields: { id: string, function: toolCallFunction } };

const message: GoType = {
  kind: 'struct',
  go: 'api.Alias',
  nested: true,
  fields: {
    role: string,
    content: string,
    thinking: string,
    images,
    tool_calls: list('[]api.ToolCall', toolCall),
    tool_name: string,
    tool_call_id: string,
  },
};

const parameters: GoType = { kind: 'struct', go: 'api.ToolFunctionParameters', fields: { type: string } };
const toolFunction: GoType = {
  kind: 'struct',
  go: 'api.ToolFunction',
  fields: { name: string, description: string, parameters },
};
const tool: GoType = { kind: 'struct', go: 'api.Tool', fields: { type: string, function: toolFunction } };

const inference = {
  model: string,
  stream: bool,
  format: any,
  keep_alive: keepAlive,
  options: map,
  think,
  truncate: bool,
  shift: bool,
  logprobs: bool,
  top_logprobs: int,
};

export const chatRequest: GoType = {
  kind: 'struct',
  go: 'api.ChatRequest',
  fields: { ...inference, messages: list('[]api.Message', message), tools: list('api.Tools', tool) },
};

export const generateRequest: GoType = {
  kind: 'struct',
  go: 'api.GenerateRequest',
  fields: {
    ...inference,
    prompt: string,
    suffix: string,
    system: string,
    template: string,
    context: list('[]int', int),
    raw: bool,
    images,
  },
};

export const embedRequest: GoType = {
  kind: 'struct',
  go: 'api.EmbedRequest',
  fields: { model: string, input: any, keep_alive: keepAlive, truncate: bool, dimensions: int, options: map },
};

export const embeddingsRequest: GoType = {
  kind: 'struct',
  go: 'api.EmbeddingRequest',
  fields: { model: string, prompt: string, keep_alive: keepAlive, options: map },
};

export const showRequest: GoType = {
  kind: 'struct',
  go: 'api.ShowRequest',
  fields: { model: string, name: string, system: string, template: string, verbose: bool, options: map },
};

/** Of routes that do something to one model. */
export const modelRequest = {
  kind: 'struct',
  go: 'api.PullRequest',
  fields: { model: string, name: string, insecure: bool, stream: bool },
} as const satisfies GoType;

export const copyRequest: GoType = {
  kind: 'struct',
  go: 'api.CopyRequest',
  fields: { source: string, destination: string },
};

export const createRequest: GoType = {
  kind: 'struct',
  go: 'api.CreateRequest',
  fields: { ...modelRequest.fields, from: string, files: map, adapters: map, system: string, parameters: map },
};

/** The request in a body, or the text of the 400 that Ollama answers. */
export function decodeRequest(body: string, type: GoType): { request: Request } | { error: string } {
  const parsed = parseBody(body);
  if ('error' in parsed) return parsed;
  const error = typeError(parsed.value, type);
  if (error !== undefined) return { error };
  return { request: parsed.value ?? {} };
}

function parseBody(body: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(body) };
  } catch {
    if (body.trim() === '') return { error: 'missing request body' };
    const first = firstJsonValue(body);
    return 'error' in first ? first : { value: JSON.parse(first.value) };
  }
}

/** How long a checked `keep_alive` keeps the model, in ms; undefined when the request has none. */
export function keepAliveMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value < 0 ? foreverMs : value * 1000;
  if (typeof value !== 'string') return undefined;
  const parsed = parseGoDuration(value);
  if ('error' in parsed) return undefined;
  return parsed.ms < 0 ? foreverMs : parsed.ms;
}
