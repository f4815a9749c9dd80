import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { processorNamed, type Processor } from './processors.ts';

/** Of a model whose size nobody tells. */
const unknownBytes = 4e9;

/** What a token costs however small the model is, as bytes to be read. */
const overheadBytes = 0.5e9;

/** Typical of hardware whose name says nothing; each is learnt soon. */
const typical = {
  gpu: { bytesPerSecond: 300e9, prefillByDecode: 15, loadedBytesPerSecond: 1e9 },
  unknown: { bytesPerSecond: 100e9, prefillByDecode: 10, loadedBytesPerSecond: 1e9 },
  cpu: { bytesPerSecond: 30e9, prefillByDecode: 5, loadedBytesPerSecond: 0.5e9 },
} as const satisfies Record<string, Processor>;

/** Part of what its maker says of its memory that generating reaches. */
const reached = 0.65;

const startMs = 1_500;

/** Bytes of cache for each token of context of a quantized 8B, whose cache grows with the root of its size. */
const typicalTokenBytes = 120e3;
const typicalBytes = 4.9e9;
const bufferBytes = 0.3e9;

/** Output tokens a second of one call alone; every byte of the model is read for each. */
export function priorDecodeSpeed(node: NodeFacts, model: ModelFacts): number {
  const bytesPerSecond = isTooLarge(node, model) ? typical.cpu.bytesPerSecond : reachedOn(node);
  return bytesPerSecond / ((model.sizeBytes ?? unknownBytes) + overheadBytes);
}

function reachedOn(node: NodeFacts): number {
  const named = namedOf(node);
  return named ? named.bytesPerSecond * reached : typical[hardwareOf(node)].bytesPerSecond;
}

function namedOf({ processor }: NodeFacts): Processor | undefined {
  return processor === undefined ? undefined : processorNamed(processor);
}

function expectedOf(node: NodeFacts): Omit<Processor, 'bytesPerSecond'> {
  return namedOf(node) ?? typical[hardwareOf(node)];
}

/** Whether part of the model lies in the machine's own memory, which sets the pace then. */
function isTooLarge({ memoryBytes = Infinity }: NodeFacts, { sizeBytes = 0 }: ModelFacts): boolean {
  return sizeBytes > memoryBytes;
}

/** Prompt tokens a second of one call alone. */
export function priorPrefillSpeed(node: NodeFacts, model: ModelFacts): number {
  return priorDecodeSpeed(node, model) * expectedOf(node).prefillByDecode;
}

export function priorLoadMs(node: NodeFacts, { sizeBytes = unknownBytes }: ModelFacts): number {
  return startMs + (sizeBytes / expectedOf(node).loadedBytesPerSecond) * 1_000;
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
export function hardwareOf({ hasGpu, attributes }: NodeFacts): keyof typeof typical {
  if (hasGpu !== undefined) return hasGpu ? 'gpu' : 'cpu';
  const { type = '', capabilities = [] } = attributes;
  const says = (word: string): boolean => type.includes(word) || capabilities.includes(word);
  if (['gpu', 'cuda', 'rocm', 'metal', 'jetson'].some(says)) return 'gpu';
  return says('cpu') ? 'cpu' : 'unknown';
}
