export { mediaAt, mediaUrls, withMedia } from './media-url.ts';
