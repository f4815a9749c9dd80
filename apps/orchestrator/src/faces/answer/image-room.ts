import { ClusterError } from '@tutti/core';

/** What the images of one call take of the room for all. */
export interface ImageShare {
  /** Throws once there is no room for so many more bytes; `param` is the part that names the image. */
  take(bytes: number, param: string): void;
  /** Gives all of it back. */
  leave(): void;
}

/** Beside the text of a request they must fit into one message to an agent. */
const mostCallBytes = 32_000_000;

const usualBytes = 256_000_000;

const fullRetryMs = 5_000;

/** Bounds the memory of fetched images, which stay there while their calls wait and run. `mostBytes`: over all calls. */
export function createImageRoom(mostBytes = usualBytes): () => ImageShare {
  let held = 0;
  return () => {
    let own = 0;
    return {
      take(bytes, param) {
        if (own + bytes > mostCallBytes) throw tooLarge(param);
        if (held + bytes > mostBytes) throw full(mostBytes, param);
        own += bytes;
        held += bytes;
      },
      leave() {
        held -= own;
        own = 0;
      },
    };
  };
}

function tooLarge(param: string): ClusterError {
  const message = `The images of a request have more than ${mostCallBytes} bytes together. Send fewer, or smaller ones.`;
  return new ClusterError('too_large', message, { param });
}

function full(mostBytes: number, param: string): ClusterError {
  const message = `The images of all requests at work have ${mostBytes} bytes, which is all there is room for. Try again later.`;
  return new ClusterError('overloaded', message, { param, retryAfterMs: fullRetryMs });
}
