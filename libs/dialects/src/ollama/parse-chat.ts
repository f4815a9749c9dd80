import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema, type MessageSchema, type PartSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asBase64 } from '../json/base64.ts';
import { arrayOf, asBoolean, asFields, asString, readBody, type Value } from '../json/fields.ts';
import { takeAnswerFields, takeRunnerFields } from './request-fields.ts';
import { asToolCall } from './tool-calls.ts';
import { asTool } from './tools.ts';

/** What a request asks for. */
export interface Request {
  readonly call: Call;
  /** Whether the answer is wanted line by line. */
  readonly stream: boolean;
}

/** Reads the body of POST /api/chat. Fields that nobody here knows go on in `call.extraJson`. */
export function parseChat(text: string): Request {
  const fields = readBody(text);
  const stream = fields.take('stream', asBoolean) ?? true;
  const call = create(CallSchema, {
    ...takeRunnerFields(fields),
    ...takeAnswerFields(fields),
    kind: {
      case: 'chat',
      value: {
        messages: fields.take('messages', arrayOf(asMessage)) ?? [],
        tools: fields.take('tools', arrayOf(asTool)) ?? [],
      },
    },
    extraJson: fields.rest(),
  });
  return { call, stream };
}

function asMessage(value: Value): MessageInitShape<typeof MessageSchema> {
  const fields = asFields(value);
  const content = fields.take('content', asString) ?? '';
  const images = fields.take('images', arrayOf(asBase64)) ?? [];
  return {
    role: fields.need('role', asString).toLowerCase(),
    parts: [...images.map(imagePart), ...(content === '' ? [] : [textPart(content)])],
    thinking: fields.take('thinking', asString) ?? '',
    toolCalls: fields.take('tool_calls', arrayOf(asToolCall)) ?? [],
    toolName: fields.take('tool_name', asString) ?? '',
    toolCallId: fields.take('tool_call_id', asString) ?? '',
    extraJson: fields.rest(),
  };
}

/** Ollama puts images in front of the text. */
function imagePart(data: Uint8Array): MessageInitShape<typeof PartSchema> {
  return { kind: { case: 'media', value: { data } } };
}

function textPart(text: string): MessageInitShape<typeof PartSchema> {
  return { kind: { case: 'text', value: text } };
}
