import type { MachineModel } from '../machine-profile.ts';

const gigabyte = 1e9;
const kilobyte = 1_024;

/** Models that people run, from half a gigabyte to what only two kinds of machine hold; sizes of their Q4 files. */
export const catalogue: readonly MachineModel[] = [
  model('qwen2.5:0.5b', 0.5, 12, 32_768),
  model('llama3.2:1b', 1.3, 32, 131_072),
  model('llama3.2:3b', 2, 112, 131_072),
  model('gemma3:4b', 3.3, 136, 131_072),
  model('qwen2.5-coder:7b', 4.7, 56, 32_768),
  model('llama3.1:8b', 4.9, 128, 131_072),
  model('gemma2:9b', 5.4, 168, 16_384),
  model('qwen2.5:14b', 9, 192, 32_768),
  model('mistral-small:24b', 14, 160, 32_768),
  model('qwen2.5:32b', 20, 128, 32_768),
  model('llama3.3:70b', 41, 160, 131_072),
  { ...model('bge-m3:latest', 1.2, 24, 8_192), embedding: true },
];

function model(name: string, gigabytes: number, cacheKilobytes: number, trainedContext: number): MachineModel {
  return {
    name,
    sizeBytes: gigabytes * gigabyte,
    bytesPerToken: cacheKilobytes * kilobyte,
    trainedContext,
    embedding: false,
  };
}
