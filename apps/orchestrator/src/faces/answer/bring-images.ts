import { ClusterError, type Clock, type Generate } from '@tutti/core';
import { mediaUrls, withMedia } from '@tutti/dialects/media';
import type { Reach } from '../../tools/fetch-bytes.ts';
import { fetchImage } from '../../tools/fetch-image.ts';
import { createImageRoom } from './image-room.ts';

interface Options extends Partial<Pick<Reach, 'resolve' | 'isReachable'>> {
  readonly clock: Clock;
  /** From where images are fetched: the public internet, anywhere, or nowhere. Asked for each call. */
  readonly from: () => 'public' | 'any' | 'off';
  /** Most bytes that the images of all calls at work have together; 256 MB by default. */
  readonly mostBytes?: number;
}

const mostImages = 20;

/** Fetches the images that a call names by URL, before it runs. Each failure tells the part that named the image. */
export function bringImages({ clock, from, mostBytes, ...reach }: Options): (next: Generate) => Generate {
  const openShare = createImageRoom(mostBytes);
  return (next) => (call, context) => {
    const wanted = mediaUrls(call);
    return wanted.length === 0 ? next(call, context) : brought();

    async function* brought() {
      const { signal } = context;
      const place = from();
      const everywhere = place === 'any' && { isReachable: () => true };
      if (wanted.length > mostImages) throw refused(`At most ${mostImages} images are fetched, got ${wanted.length}.`);
      const images = [];
      const share = openShare();
      try {
        for (const { url, param } of wanted) {
          if (place === 'off') throw refused('This server fetches no images; send them as data URLs.', param);
          const take = (bytes: number): void => share.take(bytes, param);
          images.push(
            await fetchImage(url, { ...reach, ...everywhere, clock, signal }, take).catch((thrown: unknown) => {
              throw ofRequest(ClusterError.from(thrown), param);
            }),
          );
        }
        yield* next(withMedia(call, images), context);
      } finally {
        share.leave();
      }
    }
  };
}

/** An image that cannot be had is a fault of the request, unless nobody waits for it or there is no room. */
function ofRequest(error: ClusterError, param: string): ClusterError {
  if (error.reason === 'client_closed' || error.param === param) return error;
  return refused(`The image could not be fetched: ${error.message}`, param, error);
}

function refused(message: string, param = 'messages', cause?: unknown): ClusterError {
  return new ClusterError('invalid_request', message, { param, cause });
}
