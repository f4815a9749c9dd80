import { ClusterError } from '@tutti/core';

/** What the question on start brought. */
export interface Answer {
  readonly model: string;
  readonly text: string;
  readonly node: string;
  readonly route: string;
  /** Absent where the backend does not time itself. */
  readonly tokensPerSecond?: number;
}

interface ChatLine {
  readonly message?: { readonly content?: string };
  readonly error?: string;
  readonly done?: boolean;
  readonly eval_count?: number;
  readonly eval_duration?: number;
}

/** Asks a model over the public API, as any client would; `onText` gets the words as they come. */
export async function ask(
  url: string,
  model: string,
  question: string,
  onText: (text: string) => void,
): Promise<Answer> {
  const messages = [{ role: 'user', content: question }];
  const options = { temperature: 0, num_predict: 64, repeat_penalty: 1 };
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({ model, messages, options }),
  });
  let text = '';
  let last: ChatLine = {};
  for await (const line of linesOf(response)) {
    last = JSON.parse(line) as ChatLine;
    if (last.error !== undefined) throw new ClusterError('upstream_error', last.error);
    const piece = last.message?.content ?? '';
    text += piece;
    onText(piece);
  }
  const { eval_count: count, eval_duration: nanoseconds } = last;
  return {
    model,
    text,
    node: response.headers.get('x-tutti-node') ?? '',
    route: response.headers.get('x-tutti-route') ?? '',
    ...(count && nanoseconds && { tokensPerSecond: count / (nanoseconds / 1e9) }),
  };
}

async function* linesOf(response: Response): AsyncIterable<string> {
  let rest = '';
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

interface Tag {
  readonly name: string;
  readonly size?: number;
  readonly capabilities?: readonly string[];
}

/** The model to ask: one that is loaded already, else the smallest that can chat. */
export async function pickModel(url: string): Promise<string | undefined> {
  const [{ models: tags }, { models: loaded }] = (await Promise.all(
    ['/api/tags', '/api/ps'].map(async (path) => (await fetch(url + path)).json()),
  )) as [{ models: Tag[] }, { models: Tag[] }];
  const able = tags.filter(({ capabilities }) => capabilities === undefined || capabilities.includes('completion'));
  const resident = able.find(({ name }) => loaded.some((other) => other.name === name));
  return (resident ?? able.toSorted((a, b) => (a.size ?? 0) - (b.size ?? 0))[0])?.name;
}
