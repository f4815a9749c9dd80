import { ClusterError, type Clock, type Generate } from '@tutti/core';
import { mediaUrls, withMedia } from '@tutti/dialects/media';
import type { Reach } from '../../tools/fetch-bytes.ts';
import { fetchImage } from '../../tools/fetch-image.ts';

interface Options extends Partial<Pick<Reach, 'resolve' | 'isReachable'>> {
  readonly clock: Clock;
  /** From where images are fetched: the public internet, anywhere, or nowhere. Asked for each call. */
  readonly from: () => 'public' | 'any' | 'off';
}

const mostImages = 20;

/** Fetches the images that a call names by URL, before it runs. Each failure tells the part that named the image. */
export function bringImages({ clock, from, ...reach }: Options): (next: Generate) => Generate {
  return (next) => (call, context) => {
    const wanted = mediaUrls(call);
    return wanted.length === 0 ? next(call, context) : brought();

    async function* brought() {
      const { signal } = context;
      const place = from();
      const everywhere = place === 'any' && { isReachable: () => true };
      if (wanted.length > mostImages) throw refused(`At most ${mostImages} images are fetched, got ${wanted.length}.`);
      const images = [];
      for (const { url, param } of wanted) {
        if (place === 'off') throw refused('This server fetches no images; send them as data URLs.', param);
        images.push(
          await fetchImage(url, { ...reach, ...everywhere, clock, signal }).catch((thrown: unknown) => {
            throw ofRequest(ClusterError.from(thrown), param);
          }),
        );
      }
      yield* next(withMedia(call, images), context);
    }
  };
}

/** An image that cannot be had is a fault of the request, but for the time that a client does not wait. */
function ofRequest(error: ClusterError, param: string): ClusterError {
  if (error.reason === 'client_closed') return error;
  return refused(`The image could not be fetched: ${error.message}`, param, error);
}

function refused(message: string, param = 'messages', cause?: unknown): ClusterError {
  return new ClusterError('invalid_request', message, { param, cause });
}
