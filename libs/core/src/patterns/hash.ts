/** A short name for a text: 64 bits of FNV-1a, as hex. For telling texts apart, not for secrets. */
export function hashOf(text: string): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let index = 0; index < text.length; index++) {
    low ^= text.charCodeAt(index);
    const product = Math.imul(low & 0xffff, 0x1b3) + ((Math.imul(low >>> 16, 0x1b3) & 0xffff) << 16);
    const carry = Math.floor(((low >>> 16) * 0x1b3 + (((low & 0xffff) * 0x1b3) >>> 16)) / 0x10000);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** A generator of numbers in [0, 1) that a text seeds (mulberry32). */
export function randomFrom(seed: string): () => number {
  let state = Number.parseInt(hashOf(seed).slice(0, 8), 16);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
