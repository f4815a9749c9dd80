import { ClusterError } from '@tutti/core';
import { fetchBytes, type Reach } from './fetch-bytes.ts';

interface Page {
  readonly status: number;
  /** Where it leads instead. */
  readonly location?: string;
  readonly text: string;
}

const page = {
  accept: 'text/*, application/json;q=0.9',
  what: 'page',
  mostBytes: 1_000_000,
  expectType(mediaType: string, host: string): void {
    if (mediaType === '' || /^(text\/|application\/([\w.-]+\+)?(json|xml))/.test(mediaType)) return;
    throw new ClusterError('unsupported_media', `"${host}" sends ${mediaType.slice(0, 60)}, which is no text.`);
  },
};

/** Fetches one page, without going where it leads. Its name must have no address that is not reachable. */
export async function fetchPage(url: URL, reach: Reach): Promise<Page> {
  const { status, location, bytes } = await fetchBytes(url, page, reach);
  return { status, text: bytes.toString('utf8'), ...(location !== undefined && { location }) };
}
