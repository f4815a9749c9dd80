/** A kind of machine that people own. Rates are those of one stream that has the machine to itself. */
export interface MachineKind {
  readonly name: string;
  /** Name of its graphics processor; undefined: it has none. */
  readonly gpu: string | undefined;
  /** Memory for models. */
  readonly memoryBytes: number;
  /** Of that memory; a token costs reading the whole model once. */
  readonly bytesPerMs: number;
  /** Prompt tokens that it reads in the time of one output token. */
  readonly prefillGain: number;
  /** OLLAMA_NUM_PARALLEL */
  readonly parallel: number;
  readonly maxRunners: number;
  /** By how much each further stream of the same runner slows the others. */
  readonly slowBySame: number;
  /** Each load takes so long, and the time to read the file. */
  readonly loadMs: number;
  /** At which it reads files. */
  readonly loadBytesPerMs: number;
}

const gigabyte = 1e9;
const gigabytePerSecond = 1e6;

/** From a server's card to a box without any; who has several large ones lets more models stay in memory. */
export const machineKinds = {
  gpu44: {
    name: 'gpu44',
    gpu: 'NVIDIA RTX A6000',
    memoryBytes: 44 * gigabyte,
    bytesPerMs: 930 * gigabytePerSecond,
    prefillGain: 26,
    parallel: 4,
    maxRunners: 8,
    slowBySame: 0.12,
    loadMs: 1_000,
    loadBytesPerMs: 2.2 * gigabytePerSecond,
  },
  gpu22: {
    name: 'gpu22',
    gpu: 'NVIDIA GeForce RTX 3090',
    memoryBytes: 22 * gigabyte,
    bytesPerMs: 860 * gigabytePerSecond,
    prefillGain: 24,
    parallel: 4,
    maxRunners: 8,
    slowBySame: 0.15,
    loadMs: 1_000,
    loadBytesPerMs: 1.8 * gigabytePerSecond,
  },
  gpu15: {
    name: 'gpu15',
    gpu: 'NVIDIA RTX A4000',
    memoryBytes: 15 * gigabyte,
    bytesPerMs: 420 * gigabytePerSecond,
    prefillGain: 20,
    parallel: 2,
    maxRunners: 8,
    slowBySame: 0.2,
    loadMs: 1_200,
    loadBytesPerMs: 1.2 * gigabytePerSecond,
  },
  gpu11: {
    name: 'gpu11',
    gpu: 'NVIDIA GeForce GTX 1080 Ti',
    memoryBytes: 11 * gigabyte,
    bytesPerMs: 460 * gigabytePerSecond,
    prefillGain: 14,
    parallel: 2,
    maxRunners: 8,
    slowBySame: 0.25,
    loadMs: 1_200,
    loadBytesPerMs: 0.8 * gigabytePerSecond,
  },
  unified48: {
    name: 'unified48',
    gpu: 'Apple M2 Max',
    memoryBytes: 48 * gigabyte,
    bytesPerMs: 380 * gigabytePerSecond,
    prefillGain: 9,
    parallel: 2,
    maxRunners: 8,
    slowBySame: 0.3,
    loadMs: 1_500,
    loadBytesPerMs: 2 * gigabytePerSecond,
  },
  jetson12: {
    name: 'jetson12',
    gpu: 'Orin (nvgpu)',
    memoryBytes: 12 * gigabyte,
    bytesPerMs: 95 * gigabytePerSecond,
    prefillGain: 8,
    parallel: 1,
    maxRunners: 3,
    slowBySame: 0.4,
    loadMs: 2_000,
    loadBytesPerMs: 0.5 * gigabytePerSecond,
  },
  cpu6: {
    name: 'cpu6',
    gpu: undefined,
    memoryBytes: 6 * gigabyte,
    bytesPerMs: 22 * gigabytePerSecond,
    prefillGain: 5,
    parallel: 1,
    maxRunners: 3,
    slowBySame: 0.5,
    loadMs: 2_000,
    loadBytesPerMs: 0.25 * gigabytePerSecond,
  },
} as const satisfies Record<string, MachineKind>;
