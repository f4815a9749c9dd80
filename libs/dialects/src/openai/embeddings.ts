import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { encodeBase64 } from '../json/base64.ts';
import { asCount, asString, invalid, readBody, type Fields, type Value } from '../json/fields.ts';
import { arrayText } from '../json/text.ts';
import { takeModel } from '../model-field.ts';
import { takeOptions } from './options.ts';
import { refuseTokens, textsOf } from './texts.ts';

export interface EmbeddingsRequest {
  readonly call: Call;
  readonly encoding: Encoding;
}

/** How a vector is written: as numbers, or as the bytes of 32-bit floats. */
type Encoding = 'base64' | 'float';

/** Reads the body of POST /v1/embeddings. Fields that nobody here knows go on in `call.extraJson`. */
export function parseEmbeddings(text: string): EmbeddingsRequest {
  const fields = readBody(text);
  const model = takeModel(fields);
  const inputs = fields.need('input', textsOf(asInput));
  const encoding = fields.take('encoding_format', asEncoding) ?? 'float';
  const dimensions = takeDimensions(fields);
  const call = create(CallSchema, {
    dialect: 'openai',
    model,
    // OpenAI refuses a text that is too long.
    kind: { case: 'embed', value: { inputs, truncate: false, ...(dimensions !== undefined && { dimensions }) } },
    ...takeOptions(fields, []),
    extraJson: fields.rest(),
  });
  return { call, encoding };
}

/** The answer of /v1/embeddings. `extra` stands after OpenAI's own fields. */
export function renderEmbeddings(
  model: string,
  encoding: Encoding,
  deltas: readonly Delta[],
  { usage }: Done,
  extra: Extra = {},
): string {
  const written = encoding === 'float' ? JSON.stringify : base64Text;
  const data = joinDeltas(deltas).embeddings.map(
    ({ index, values }) => `{"object":"embedding","index":${index},"embedding":${written(values)}}`,
  );
  const tokens = usage?.promptTokens ?? 0;
  const source = usage?.estimated ? ',"source":"estimated"' : '';
  const counts = `{"prompt_tokens":${tokens},"total_tokens":${tokens}${source}}`;
  return `{"object":"list","data":${arrayText(data)},"model":${JSON.stringify(model)},"usage":${counts}${extraMembers(extra)}}`;
}

/** The first byte of each number is the lowest, as clients on every usual machine read it. */
function base64Text(values: readonly number[]): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setFloat32(at * 4, value, true);
  return JSON.stringify(encodeBase64(bytes));
}

function asInput(value: Value): string {
  refuseTokens(value, 'send the texts. (LangChain in Python: check_embedding_ctx_length=False)');
  return asString(value);
}

function takeDimensions(fields: Fields): number | undefined {
  return fields.take('dimensions', (value) => {
    const dimensions = asCount(value);
    if (dimensions === 0) throw invalid(value.path, 'dimensions must be at least 1');
    return dimensions;
  });
}

function asEncoding(value: Value): Encoding {
  const encoding = asString(value);
  if (encoding === 'float' || encoding === 'base64') return encoding;
  throw invalid(value.path, `encoding_format must be "float" or "base64", got ${JSON.stringify(encoding)}`);
}
