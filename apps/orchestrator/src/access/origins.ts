import { matchesWildcard } from '@tutti/core';

interface Options {
  /** Whether other machines can come. */
  readonly exposed: boolean;
  /** Origins of pages that may use this server; "*" stands for any letters. */
  readonly allowedOrigins: () => readonly string[];
}

/** Programs of this machine that are made of web pages, and pages served by this machine. */
const localOrigins = [
  'app://*',
  'file://*',
  'tauri://*',
  'vscode-file://*',
  'vscode-webview://*',
  ...['localhost', '*.localhost', '127.0.0.1', '[::1]'].flatMap((host) =>
    ['http', 'https'].flatMap((scheme) => [`${scheme}://${host}`, `${scheme}://${host}:*`]),
  ),
];

/** Whether a page of this origin may use the server that the request calls `protocol://host`. */
export function originRule({ exposed, allowedOrigins }: Options) {
  const usual = exposed ? [] : localOrigins;
  return (origin: string, protocol: string, host: string): boolean => {
    if (isSameOrigin(origin, protocol, host)) return true;
    const text = origin.toLowerCase();
    return [...usual, ...allowedOrigins()].some((pattern) => matchesWildcard(pattern.toLowerCase(), text));
  };
}

/** A proxy may have taken TLS off on the way, never put it on. */
function isSameOrigin(origin: string, protocol: string, host: string): boolean {
  const text = origin.toLowerCase();
  const name = host.toLowerCase();
  return text === `https://${name}` || (protocol === 'http' && text === `http://${name}`);
}
