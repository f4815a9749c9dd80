/** One request, sent to a real Ollama and to Tutti. */
export interface Question {
  /** Each its own: known differences are listed by it. */
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Text goes as it is, anything else as JSON. */
type Body = string | object | Uint8Array<ArrayBuffer>;

type More = Readonly<Record<string, string>>;

/** Questions that post to one path, each named for what it is about. */
export function posts(path: string, bodies: Readonly<Record<string, Body>>, headers?: More): Question[] {
  return Object.entries(bodies).map(([about, body]) => question('POST', path, about, body, headers));
}

/** Questions without a body. */
export function plain(method: Question['method'], paths: readonly string[]): Question[] {
  return paths.map((path) => ({ name: `${method} ${path}`, method, path }));
}

export function question(
  method: Question['method'],
  path: string,
  about: string,
  body: Body,
  headers: More = { 'content-type': 'application/json' },
): Question {
  const isReady = typeof body === 'string' || body instanceof Uint8Array;
  return { name: `${method} ${path}: ${about}`, method, path, body: isReady ? body : JSON.stringify(body), headers };
}
