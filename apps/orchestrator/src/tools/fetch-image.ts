import { ClusterError } from '@tutti/core';
import { fetchBytes, type Reach } from './fetch-bytes.ts';
import { redirected } from './redirected.ts';

interface Image {
  readonly data: Uint8Array;
  readonly mediaType: string;
}

const mostRedirects = 3;

const image = {
  accept: 'image/*',
  what: 'image',
  mostBytes: 20_000_000,
  expectType(mediaType: string, host: string): void {
    if (mediaType.startsWith('image/')) return;
    const sent = mediaType === '' ? 'something without a type' : mediaType.slice(0, 60);
    throw new ClusterError('unsupported_media', `"${host}" sends ${sent}, which is no image.`);
  },
};

/**
 * Fetches an image of at most 20 MB. Each address that it leads to is checked like the first. `take` is told of bytes
 * before they are kept, and may throw.
 */
export async function fetchImage(address: string, reach: Reach, take?: (bytes: number) => void): Promise<Image> {
  let url = new URL(address);
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const { status, location, mediaType, bytes } = await fetchBytes(url, { ...image, ...(take && { take }) }, reach);
    if (location === undefined) {
      if (status === 200) return { data: bytes, mediaType };
      throw new ClusterError('bad_upstream', `"${url.hostname}" answered with status ${status}.`);
    }
    url = redirected(url, location);
  }
  throw new ClusterError('bad_upstream', `The image leads on more than ${mostRedirects} times.`);
}
