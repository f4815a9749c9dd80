import type { ModelFacts, NodeFacts } from './node-facts.ts';

/** Of a model whose size nobody tells. */
const unknownBytes = 4e9;

/** What a token costs however small the model is, as bytes to be read. */
const overheadBytes = 0.5e9;

/** Typical of consumer hardware; each is learnt soon. */
const bytesPerSecond = { gpu: 300e9, unknown: 100e9, cpu: 30e9 };
const prefillByDecode = { gpu: 15, unknown: 10, cpu: 5 };
const loadedBytesPerSecond = 1e9;
const startMs = 1_500;

/** Bytes of cache for each token of context of a quantized 8B, whose cache grows with the root of its size. */
const typicalTokenBytes = 120e3;
const typicalBytes = 4.9e9;
const bufferBytes = 0.3e9;

/** Output tokens a second of one call alone; every byte of the model is read for each. */
export function priorDecodeSpeed(node: NodeFacts, model: ModelFacts): number {
  const { sizeBytes = unknownBytes } = model;
  const hardware = isTooLarge(node, model) ? 'cpu' : hardwareOf(node);
  return bytesPerSecond[hardware] / (sizeBytes + overheadBytes);
}

/** Whether part of the model lies in the machine's own memory, which sets the pace then. */
function isTooLarge({ memoryBytes = Infinity }: NodeFacts, { sizeBytes = 0 }: ModelFacts): boolean {
  return sizeBytes > memoryBytes;
}

/** Prompt tokens a second of one call alone. */
export function priorPrefillSpeed(node: NodeFacts, model: ModelFacts): number {
  return priorDecodeSpeed(node, model) * prefillByDecode[hardwareOf(node)];
}

export function priorLoadMs(_node: NodeFacts, { sizeBytes = unknownBytes }: ModelFacts): number {
  return startMs + (sizeBytes / loadedBytesPerSecond) * 1_000;
}

/** Bytes of cache for each token of context. */
export function priorTokenBytes({ sizeBytes = unknownBytes }: ModelFacts): number {
  return typicalTokenBytes * Math.sqrt(sizeBytes / typicalBytes);
}

/** Memory of the model without any context. */
export function weightBytes({ sizeBytes = unknownBytes }: ModelFacts): number {
  return sizeBytes + bufferBytes;
}

/** What is known of the hardware: told by the node, or by what people say of it. */
export function hardwareOf({
  hasGpu,
  attributes: { type = '', capabilities = [] },
}: NodeFacts): keyof typeof bytesPerSecond {
  if (hasGpu !== undefined) return hasGpu ? 'gpu' : 'cpu';
  const says = (word: string): boolean => type.includes(word) || capabilities.includes(word);
  if (['gpu', 'cuda', 'rocm', 'metal', 'jetson'].some(says)) return 'gpu';
  return says('cpu') ? 'cpu' : 'unknown';
}
