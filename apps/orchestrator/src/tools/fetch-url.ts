import { ClusterError, type Clock } from '@tutti/core';
import { z } from 'zod';
import { defineTool, type DefinedTool } from './define-tool.ts';
import type { Reach } from './fetch-bytes.ts';
import { fetchPage } from './fetch-page.ts';
import { redirected } from './redirected.ts';

interface Options extends Partial<Pick<Reach, 'resolve' | 'isReachable'>> {
  /** Beginnings of URLs that may be fetched, like "https://example.com/docs/". */
  readonly allowed: () => readonly string[];
  readonly clock: Clock;
}

const mostRedirects = 3;

/** What a run keeps of a page; no model reads more. */
const mostCharacters = 20_000;

/** Fetches pages that the server's owner allows. */
export function fetchUrl({ allowed, ...options }: Options): DefinedTool {
  const check = (url: URL): void => {
    if (allowed().some((beginning) => isBelow(url, beginning))) return;
    const places = allowed().join(', ');
    const what = places === '' ? 'This server allows no URL to be fetched.' : `Only these may be fetched: ${places}`;
    throw new ClusterError('forbidden', what);
  };
  return defineTool({
    name: 'fetch_url',
    description: 'Fetches a page or a file as text.',
    shape: z.object({ url: z.url({ protocol: /^https?$/ }).max(2_000) }),
    async run(args, signal) {
      let url = new URL(args.url);
      for (let redirects = 0; redirects <= mostRedirects; redirects++) {
        check(url);
        const page = await fetchPage(url, { ...options, signal });
        if (page.location === undefined)
          return { url: url.href, status: page.status, text: page.text.slice(0, mostCharacters) };
        url = redirected(url, page.location);
      }
      throw new ClusterError('bad_upstream', `The page leads on more than ${mostRedirects} times.`);
    },
  });
}

/** Whether a URL has this beginning: its place, and a path below, with no name or password. */
function isBelow(url: URL, beginning: string): boolean {
  const base = URL.parse(beginning);
  if (!base || base.origin !== url.origin || url.username !== '' || url.password !== '') return false;
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  return url.pathname === base.pathname || url.pathname.startsWith(folder);
}
