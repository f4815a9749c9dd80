import { ClusterError } from '@tutti/core';

interface Settings {
  /** LLAMA_BASE_URL */
  readonly llamaBaseUrl?: string | undefined;
  /** OLLAMA_HOST, as Ollama reads it. */
  readonly ollamaHost?: string | undefined;
}

const usualPort = '11434';

/** Where Ollama listens: "http://host:port". Takes what Ollama takes: a host, a host and port, a port, or a URL. */
export function ollamaUrl({ llamaBaseUrl, ollamaHost }: Settings): string {
  const [name, value] = llamaBaseUrl ? ['LLAMA_BASE_URL', llamaBaseUrl] : ['OLLAMA_HOST', ollamaHost || '127.0.0.1'];
  const text = value
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/api$/, '');
  const withScheme = /^https?:\/\//.test(text) ? text : `http://${text.startsWith(':') ? `127.0.0.1${text}` : text}`;
  if (!URL.canParse(withScheme)) {
    throw new ClusterError(
      'invalid_request',
      `${name} is "${value}", which is no address. Use for example http://127.0.0.1:11434.`,
    );
  }
  const url = new URL(withScheme);
  // What Ollama binds to is no address to dial.
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  const port = url.port || (/^https?:\/\//.test(text) ? '' : usualPort);
  return `${url.protocol}//${url.hostname}${port && `:${port}`}`;
}
