import type { Media } from '@tutti/proto/tutti/agent/v1/call';

/** How the files of pictures begin, as characters of their bytes. */
const beginnings: readonly (readonly [start: string, mediaType: string])[] = [
  ['\x89PNG', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF8', 'image/gif'],
  ['RIFF', 'image/webp'],
  ['BM', 'image/bmp'],
];

/** What a picture or a sound is: what was said of it, else what its first bytes say, else a JPEG. */
export function mediaTypeOf({ mediaType, data }: Pick<Media, 'mediaType' | 'data'>): string {
  if (mediaType !== '') return mediaType;
  const start = String.fromCharCode(...data.subarray(0, 4));
  return beginnings.find(([known]) => start.startsWith(known))?.[1] ?? 'image/jpeg';
}
