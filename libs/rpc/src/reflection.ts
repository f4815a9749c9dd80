import { createRegistry, toBinary } from '@bufbuild/protobuf';
import type { DescFile, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from '@tutti/proto/grpc/reflection/v1/reflection';
import type { Implementation } from './handler.ts';

type Response = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/** Tells tools such as grpcurl what `services` look like: the standard `grpc.reflection.v1.ServerReflection`. */
export function createReflection(services: readonly DescService[]): Implementation<typeof ServerReflection> {
  const files = new Map<string, DescFile>();
  for (const service of services) addFile(files, service.file);
  const types = createRegistry(...files.values());

  const fileOf = (symbol: string): DescFile | undefined => {
    const service = types.getService(symbol.slice(0, Math.max(0, symbol.lastIndexOf('.'))));
    const method = service?.methods.find(({ name }) => symbol.endsWith(`.${name}`));
    return (types.get(symbol) ?? method?.parent)?.file;
  };

  const answer = ({ messageRequest: asked }: ServerReflectionRequest): Response => {
    switch (asked.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
      case 'fileByFilename':
        return fileResponse(files.get(asked.value), asked.value);
      case 'fileContainingSymbol':
        return fileResponse(fileOf(asked.value), asked.value);
      case 'allExtensionNumbersOfType':
      case 'fileContainingExtension':
        return failure(status.NOT_FOUND, 'there are no extensions');
      case undefined:
        return failure(status.INVALID_ARGUMENT, 'the request asks for nothing');
    }
  };

  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
      }
    },
  };
}

function addFile(files: Map<string, DescFile>, file: DescFile): void {
  if (files.has(file.proto.name)) return;
  files.set(file.proto.name, file);
  for (const dependency of file.dependencies) addFile(files, dependency);
}

/** A file and all that it imports. */
function fileResponse(file: DescFile | undefined, asked: string): Response {
  if (file === undefined) return failure(status.NOT_FOUND, `not found: ${asked}`);
  const files = new Map<string, DescFile>();
  addFile(files, file);
  const fileDescriptorProto = [...files.values()].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function failure(errorCode: number, errorMessage: string): Response {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
