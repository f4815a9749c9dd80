import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asBase64 } from '../json/base64.ts';
import { arrayOf, asBoolean, asInteger, asString, invalid, readBody, type Fields } from '../json/fields.ts';
import type { Request } from './parse-chat.ts';
import { takeAnswerFields, takeRunnerFields } from './request-fields.ts';

/** Reads the body of POST /api/generate. Fields that nobody here knows go on in `call.extraJson`. */
export function parseGenerate(text: string): Request {
  const fields = readBody(text);
  const stream = fields.take('stream', asBoolean) ?? true;
  const call = create(CallSchema, {
    ...takeRunnerFields(fields),
    ...takeAnswerFields(fields),
    kind: { case: 'completion', value: takeCompletion(fields) },
    extraJson: fields.rest(),
  });
  return { call, stream };
}

function takeCompletion(fields: Fields) {
  const completion = {
    prompt: fields.take('prompt', asString) ?? '',
    suffix: fields.take('suffix', asString),
    system: fields.take('system', asString),
    template: fields.take('template', asString),
    raw: fields.take('raw', asBoolean) ?? false,
    images: fields.take('images', arrayOf(asBase64))?.map((data) => ({ data })) ?? [],
    context: fields.take('context', arrayOf(asInteger)) ?? [],
  };
  if (completion.raw && (completion.template || completion.system || completion.context.length > 0)) {
    throw invalid('raw', 'raw mode does not support template, system, or context');
  }
  return completion;
}
