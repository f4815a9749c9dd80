import { fromBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import type { ServerReflectionRequestSchema } from '@tutti/proto/grpc/reflection/v1/reflection';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from './one-port.ts';
import type { Listening } from './one-port.ts';
import { createReflection } from './reflection.ts';
import { addService, createServer } from './server.ts';
import { methodDefinition } from './service-definition.ts';

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']>;

const method = methodDefinition(ServerReflection.method.serverReflectionInfo);
const server = createServer();
addService(server, ServerReflection, createReflection([AgentService, Health, ServerReflection]));
let listening: Listening;
let client: Client;

beforeAll(async () => {
  listening = await listen({ server, http: () => {}, host: '127.0.0.1', port: 0 });
  client = new Client(`127.0.0.1:${listening.port}`, credentials.createInsecure());
});

afterAll(() => {
  client.close();
  listening.destroy();
});

/** Asks all questions in one stream and gives the answers. */
async function ask(...questions: Question[]) {
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  for (const messageRequest of questions) call.write({ host: 'h', messageRequest });
  call.end();
  const answers = [];
  for await (const answer of call as AsyncIterable<ReturnType<typeof method.responseDeserialize>>) {
    expect(answer).toMatchObject({ validHost: 'h', originalRequest: { host: 'h' } });
    answers.push(answer.messageResponse);
  }
  return answers;
}

async function filesOf(question: Question): Promise<string[]> {
  const [answer] = await ask(question);
  if (answer?.case !== 'fileDescriptorResponse') throw new Error(`no files: ${answer?.case}`);
  const files = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const names = files.map(({ name }) => name);
  for (const { dependency } of files) expect(names).toEqual(expect.arrayContaining(dependency));
  return names;
}

describe('reflection', () => {
  it('lists the services', async () => {
    const [answer] = await ask({ case: 'listServices', value: '' });
    expect(answer).toMatchObject({
      case: 'listServicesResponse',
      value: {
        service: [
          { name: 'tutti.agent.v1.AgentService' },
          { name: 'grpc.health.v1.Health' },
          { name: 'grpc.reflection.v1.ServerReflection' },
        ],
      },
    });
  });

  it.each(['tutti.agent.v1.AgentService', 'tutti.agent.v1.AgentService.Invoke', 'tutti.agent.v1.InvokeRequest'])(
    'finds the file of %s with all that it imports',
    async (value) => {
      const names = await filesOf({ case: 'fileContainingSymbol', value });
      expect(names[0]).toBe('tutti/agent/v1/agent.proto');
      expect(names).toContain('tutti/agent/v1/chunk.proto');
      expect(new Set(names).size).toBe(names.length);
    },
  );

  it('finds files by name', async () => {
    expect(await filesOf({ case: 'fileByFilename', value: 'tutti/agent/v1/state.proto' })).toHaveLength(1);
  });

  it('answers several questions, also those it cannot', async () => {
    const answers = await ask(
      { case: 'fileContainingSymbol', value: 'tutti.agent.v1.AgentService.Nothing' },
      { case: 'fileByFilename', value: 'nothing.proto' },
      { case: 'fileContainingSymbol', value: 'grpc.health.v1.HealthCheckResponse.ServingStatus' },
      { case: 'allExtensionNumbersOfType', value: 'tutti.agent.v1.Call' },
    );
    expect(answers.map((answer) => answer.case)).toEqual([
      'errorResponse',
      'errorResponse',
      'fileDescriptorResponse',
      'errorResponse',
    ]);
  });
});
