import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** A method with the types of its messages. */
export type Method<I extends DescMessage, O extends DescMessage> = DescMethod & {
  readonly input: I;
  readonly output: O;
};

/** The message that an initialiser stands for, as bytes. */
export function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Buffer {
  const bytes = toBinary(schema, create(schema, init));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The message in `bytes`. Its own bytes fields share their memory. */
export function decode<D extends DescMessage>(schema: D, bytes: Buffer): MessageShape<D> {
  // Not the Buffer itself: `slice` of a Buffer does not copy, and bytes fields would be Buffers too.
  return fromBinary(schema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

type MethodDefinition<I extends DescMessage, O extends DescMessage> = ReturnType<typeof defineMethod<I, O>>;

const defined = new WeakMap<DescMethod, unknown>();

/** A protobuf-es method as grpc-js wants it; made once. What is sent may be an initialiser; what arrives is a message. */
export function methodDefinition<I extends DescMessage, O extends DescMessage>(
  method: Method<I, O>,
): MethodDefinition<I, O> {
  const known = defined.get(method) as MethodDefinition<I, O> | undefined;
  if (known) return known;
  const definition = defineMethod(method);
  defined.set(method, definition);
  return definition;
}

function defineMethod<I extends DescMessage, O extends DescMessage>(method: Method<I, O>) {
  const { input, output, methodKind } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
    responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
    requestSerialize: (request: MessageInitShape<I>) => encode(input, request),
    requestDeserialize: (bytes: Buffer) => decode(input, bytes),
    responseSerialize: (response: MessageInitShape<O>) => encode(output, response),
    responseDeserialize: (bytes: Buffer) => decode(output, bytes),
  };
}

/** A protobuf-es service as grpc-js wants it, under the methods' names in TypeScript. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method)]));
}
