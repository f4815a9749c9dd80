import { createClient, type Client as ConnectClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallSchema, FormatSchema, ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta } from '@tutti/proto/tutti/agent/v1/chunk';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { InferenceService } from '@tutti/proto/tutti/v1/inference';
import { citySchema, unknownModel, weatherTool, type Client, type Finding, type Target } from '../client.ts';
import { errorOf, inProcess } from '../in-process.ts';

type Call = MessageInitShape<typeof CallSchema>;

const sampling = { numPredict: 32, optionsJson: '{"temperature":0,"seed":1}' };

/** A client made from the proto files. */
function generated(facts: Pick<Client, 'name' | 'dialect'>, transport: (target: Target) => Transport): Client {
  const connect = (target: Target): ConnectClient<typeof InferenceService> =>
    createClient(InferenceService, transport(target));

  /** The deltas of an answer. */
  async function* deltas(target: Target, call: Call, signal?: AbortSignal): AsyncIterable<Delta> {
    for await (const { chunks } of connect(target).generate({ call }, { ...(signal && { signal }) })) {
      for (const { kind } of chunks) if (kind.case === 'delta') yield kind.value;
    }
  }

  const textOf = async (target: Target, call: Call): Promise<Finding> => {
    const texts = (await Array.fromAsync(deltas(target, call))).map(({ text }) => text);
    return { text: texts.join(''), pieces: texts.length };
  };

  const chat = ({ models, prompts }: Target): Call => asking(models.chat, prompts.chat, sampling);

  return inProcess(
    { ...facts, from: 'npm' },
    {
      async list(target) {
        const { models } = await createClient(ClusterService, transport(target)).listModels({});
        return { models: models.map(({ name }) => name) };
      },
      chat: (target) => textOf(target, chat(target)),
      stream: (target) => textOf(target, chat(target)),
      async tool(target) {
        const { models, prompts } = target;
        const { name, description, parameters } = weatherTool;
        const tools = [{ name, description, parametersJson: JSON.stringify(parameters) }];
        const call = asking(models.tool!, prompts.tool, { tools });
        const [called] = (await Array.fromAsync(deltas(target, call))).flatMap(({ toolCalls }) => toolCalls);
        return called ? { tool: { name: called.name, arguments: JSON.parse(called.argumentsJson) as unknown } } : {};
      },
      async json(target) {
        const { models, prompts } = target;
        const schemaJson = JSON.stringify(citySchema);
        const format = { kind: { case: 'schemaJson' as const, value: schemaJson } };
        const { text = '' } = await textOf(target, asking(models.chat, prompts.json, { format, ...sampling }));
        return { value: JSON.parse(text) as unknown };
      },
      async embed(target) {
        const embed = { case: 'embed' as const, value: { inputs: ['a cat', 'a dog'] } };
        const pieces = await Array.fromAsync(deltas(target, { model: target.models.embed, kind: embed }));
        const lengths = [0, 0];
        for (const { index, values } of pieces.flatMap(({ embeddings }) => embeddings))
          lengths[index]! += values.length;
        return { dimensions: lengths };
      },
      error: (target) => errorOf(textOf(target, asking(unknownModel, 'hello'))),
      async cancel(target) {
        const { models, prompts } = target;
        // Leaving the loop alone does not tell the server.
        const leaving = new AbortController();
        for await (const _ of deltas(target, asking(models.chat, prompts.long), leaving.signal)) break;
        leaving.abort();
        return {};
      },
    },
  );
}

interface Wishes {
  readonly tools?: MessageInitShape<typeof ToolSchema>[];
  readonly format?: MessageInitShape<typeof FormatSchema>;
  readonly numPredict?: number;
  readonly optionsJson?: string;
}

function asking(model: string, text: string, { tools = [], ...wishes }: Wishes = {}): Call {
  const parts = [{ kind: { case: 'text' as const, value: text } }];
  return { model, ...wishes, kind: { case: 'chat', value: { messages: [{ role: 'user', parts }], tools } } };
}

export const connectClient = generated({ name: '@connectrpc/connect', dialect: 'connect' }, ({ url }) =>
  createConnectTransport({ baseUrl: url, httpVersion: '1.1' }),
);

export const grpcClient = generated({ name: '@connectrpc/connect-node (gRPC)', dialect: 'grpc' }, ({ grpcUrl }) =>
  createGrpcTransport({ baseUrl: grpcUrl! }),
);
