import { chaosModel } from './chaos-cluster.ts';
import { numberedPrompt, wholeAnswer } from './numbered.ts';

/**
 * What became of a call. `refused`: an explicit error before any token; `broken`: one after some; `silent`: the answer
 * just ended; `wrong`: tokens that are lost, doubled or another call's; `left`: the client hung up itself.
 */
export type Fate = 'complete' | 'refused' | 'broken' | 'silent' | 'wrong' | 'left';

export interface Outcome {
  readonly call: number;
  readonly fate: Fate;
  /** HTTP status; 0: no answer at all. */
  readonly status: number;
  /** The node that answered, as the headers tell; "": none. */
  readonly node: string;
  /** Text of the error; "": none. */
  readonly error: string;
  /** When it was asked, on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Longest time without a byte. */
  readonly stallMs: number;
}

export interface Asked {
  readonly url: string;
  readonly call: number;
  /** Tokens that the whole answer has. */
  readonly tokens: number;
  /** Instead of the prompt that only names the call. */
  readonly prompt?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

interface Line {
  readonly message?: { readonly content: string };
  readonly done?: boolean;
  readonly error?: string;
}

/** Asks for a streamed answer, and holds every byte of it against what it must be. Never throws. */
export async function ask({ url, call, tokens, prompt, headers, signal }: Asked): Promise<Outcome> {
  const startedAt = performance.now();
  let [lastAt, stallMs] = [startedAt, 0];
  const heard = (): void => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - lastAt);
    lastAt = now;
  };
  let response: Response | undefined;
  let text = '';
  try {
    response = await fetch(`${url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({
        model: chaosModel,
        messages: [{ role: 'user', content: prompt ?? numberedPrompt(call) }],
      }),
      headers: { 'content-type': 'application/json', ...headers },
      ...(signal && { signal }),
    });
    heard();
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      heard();
      text += decoder.decode(bytes, { stream: true });
    }
  } catch {
    // What came until then is judged.
  }
  heard();
  const judged = signal?.aborted ? { fate: 'left' as const, error: '' } : judge(text, wholeAnswer(call, tokens));
  return {
    ...{ call, startedAt, stallMs, durationMs: lastAt - startedAt, ...judged },
    status: response?.status ?? 0,
    node: response?.headers.get('x-tutti-node') ?? '',
  };
}

function judge(text: string, whole: string): Pick<Outcome, 'fate' | 'error'> {
  const lines = text.split('\n').filter((line) => line !== '');
  const read = lines.map(parse);
  const said = read.map((line) => line?.message?.content ?? '').join('');
  const last = read.at(-1);
  const error = last?.error ?? '';
  if (read.includes(undefined) || !whole.startsWith(said)) return { fate: 'wrong', error: text.slice(-200) };
  if (error !== '') return { fate: said === '' ? 'refused' : 'broken', error };
  if (last?.done !== true) return { fate: 'silent', error };
  return said === whole ? { fate: 'complete', error } : { fate: 'wrong', error: text.slice(-200) };
}

function parse(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** What those that failed were told. */
export function reasons(failed: readonly Outcome[]): string {
  const texts = [...new Set(failed.map(({ status, error }) => `${status} ${error}`))].slice(0, 3);
  return texts.length === 0 ? '' : `: ${texts.join('; ')}`;
}
