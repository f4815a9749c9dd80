import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { arrayText, objectText } from '../json/text.ts';
import { embedFields } from './answer-fields.ts';
import { nanoseconds, unknownMembers } from './response-text.ts';

/** The answer of /api/embeddings, which is about one text. Ollama's own has nothing else. */
export function renderEmbeddings(deltas: readonly Delta[], extra: Extra = {}): string {
  const [vector] = joinDeltas(deltas).embeddings;
  return `{"embedding":${JSON.stringify(vector?.values ?? [])}${extraMembers(extra)}}`;
}

/** The answer of /api/embed. `extra` stands after Ollama's own fields. */
export function renderEmbed(model: string, deltas: readonly Delta[], done: Done, extra: Extra = {}): string {
  const vectors = joinDeltas(deltas).embeddings.map(({ values }) => JSON.stringify(values));
  const own = objectText([
    ['model', JSON.stringify(model)],
    ['embeddings', arrayText(vectors)],
    ['total_duration', nanoseconds(done.timings?.totalMs)],
    ['load_duration', nanoseconds(done.timings?.loadMs)],
    ['prompt_eval_count', done.usage?.promptTokens?.toString()],
  ]);
  return `${own.slice(0, -1)}${unknownMembers(done.extraJson, embedFields)}${extraMembers(extra)}}`;
}
