/** What every client must be able to do by changing one address. `cancel` is last: its connection is looked at before the client ends. */
export const capabilities = ['list', 'chat', 'stream', 'tool', 'json', 'embed', 'error', 'cancel'] as const;

export type Capability = (typeof capabilities)[number];

/** Where a client is sent, and what it asks for there. */
export interface Target {
  /** The address alone, for example "http://127.0.0.1:3001". */
  readonly url: string;
  /** What can be spoken there. */
  readonly speaks: readonly Dialect[];
  /** Where gRPC is spoken; absent at other servers. */
  readonly grpcUrl?: string;
  /** `tool` is absent where no model can ask for tools. */
  readonly models: { readonly chat: string; readonly embed: string; readonly tool?: string };
  readonly prompts: { readonly chat: string; readonly tool: string; readonly json: string; readonly long: string };
}

/** What a step saw, in words that are the same for all clients. */
export interface Finding {
  /** Names of models, in `list`. */
  readonly models?: readonly string[];
  /** The words of the answer. */
  readonly text?: string;
  /** In how many pieces it came. */
  readonly pieces?: number;
  readonly tool?: { readonly name: string; readonly arguments: unknown };
  /** What was made by the schema. */
  readonly value?: unknown;
  /** The length of each vector. */
  readonly dimensions?: readonly number[];
  /** The error as the client types it. */
  readonly error?: { readonly type: string; readonly status?: number | null; readonly message: string };
  /** The client's own object, for comparing shapes. */
  readonly answer?: unknown;
}

export interface StepResult {
  readonly capability: Capability;
  readonly found?: Finding;
  /** The error that a step ended with. */
  readonly failed?: string;
}

export const dialects = ['ollama', 'openai', 'anthropic', 'connect', 'grpc'] as const;

export type Dialect = (typeof dialects)[number];

/** A client library as people install it, and a script of what it can do. */
export interface Client {
  /** For example "openai". */
  readonly name: string;
  readonly from: 'npm' | 'PyPI' | 'Go';
  readonly dialect: Dialect;
  /** What the library has no call for, with the reason. */
  readonly lacks?: Readonly<Partial<Record<Capability, string>>>;
  /** Yields a result as soon as a step is done; a client whose connections are to be looked at waits for the next read. */
  run(target: Target): AsyncIterable<StepResult>;
}

/** The answer that a step asks for by schema. */
export const citySchema = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
} as const;

/** The function that a step lets the model ask for. */
export const weatherTool = {
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
    required: ['city'],
  },
} as const;

export const unknownModel = 'no-such-model';
