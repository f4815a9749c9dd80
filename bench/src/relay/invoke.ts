import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  InvokeRequestSchema,
  InvokeResponseSchema,
  type InvokeRequest,
  type InvokeResponse,
} from '@tutti/proto/tutti/agent/v1/agent';

/** AgentService.Invoke as grpc-js wants it. */
export const invoke = {
  path: '/tutti.agent.v1.AgentService/Invoke',
  requestStream: false,
  responseStream: true,
  requestSerialize: (request: InvokeRequest) => Buffer.from(toBinary(InvokeRequestSchema, request)),
  requestDeserialize: (bytes: Buffer) => fromBinary(InvokeRequestSchema, bytes),
  responseSerialize: (response: InvokeResponse) => Buffer.from(toBinary(InvokeResponseSchema, response)),
  responseDeserialize: (bytes: Buffer) => fromBinary(InvokeResponseSchema, bytes),
} as const;
