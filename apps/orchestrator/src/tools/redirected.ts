import { ClusterError } from '@tutti/core';

/** Where a page leads. Throws `bad_upstream` if that is nothing that HTTP fetches. */
export function redirected(from: URL, location: string): URL {
  const url = URL.parse(location, from.href);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new ClusterError('bad_upstream', 'The page leads to something that is no page.');
}
