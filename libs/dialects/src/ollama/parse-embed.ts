import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asBoolean, asCount, asString, invalid, kindOf, readBody, type Value } from '../json/fields.ts';
import type { Request } from './parse-chat.ts';
import { takeRunnerFields } from './request-fields.ts';

/** Reads the body of POST /api/embed. Fields that nobody here knows go on in `call.extraJson`. */
export function parseEmbed(text: string): Request {
  const fields = readBody(text);
  const call = create(CallSchema, {
    ...takeRunnerFields(fields),
    kind: {
      case: 'embed',
      value: {
        inputs: fields.take('input', asInputs) ?? [],
        // What is cut in silence would have a vector of something else.
        truncate: fields.take('truncate', asBoolean) ?? false,
        dimensions: fields.take('dimensions', asCount),
      },
    },
    extraJson: fields.rest(),
  });
  return { call, stream: false };
}

/** Reads the body of POST /api/embeddings, the older way to ask for one vector, as the model makes it. It never cuts a text. */
export function parseEmbeddings(text: string): Request {
  const fields = readBody(text);
  const prompt = fields.take('prompt', asString) ?? '';
  const call = create(CallSchema, {
    ...takeRunnerFields(fields),
    kind: { case: 'embed', value: { inputs: prompt === '' ? [] : [prompt], truncate: false, raw: true } },
    extraJson: fields.rest(),
  });
  return { call, stream: false };
}

/** One text or several; as in Ollama, one empty text is none. */
function asInputs(value: Value): string[] {
  const kind = kindOf(value.raw);
  if (kind === 'string') return [asString(value)].filter((text) => text !== '');
  if (kind !== 'array') throw invalid(value.path, 'invalid input type');
  return arrayOf(asInput)(value);
}

function asInput(value: Value): string {
  if (kindOf(value.raw) !== 'string') throw invalid(value.path, 'invalid input type');
  return asString(value);
}
