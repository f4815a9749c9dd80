/** Pictures in a chat make large bodies; blobs have a way of their own. */
export const largestBodyBytes = 32 * 2 ** 20;
export const largestHeadersBytes = 16 * 1024;
/** In characters. */
export const longestPathPart = 500;
