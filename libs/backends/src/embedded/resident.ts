import { ClusterError, type Clock } from '@tutti/core';
import type {
  ChatWrapper,
  LlamaContext,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaModel,
} from 'node-llama-cpp';
import { modelFacts, type ModelFacts } from './model-facts.ts';
import type { Runtime } from './runtime.ts';
import { turns, type TakeTurn } from './turns.ts';

/** Settings of the library's chat templates. */
const unthinking = {
  customWrapperSettings: {
    qwen: { thoughts: 'discourage' },
    jinjaTemplate: { additionalRenderParameters: { enable_thinking: false } },
  },
} as const;

/** A model file and the name it is served under. */
export interface ModelFile {
  readonly name: string;
  readonly path: string;
  /** SHA-256, lower-case hex without a prefix. */
  readonly digest?: string;
}

export interface ResidentSettings {
  readonly clock: Clock;
  readonly threads: number;
  /** Context length in tokens for calls that ask for none. */
  readonly contextLength: number;
}

/** Context length in tokens. Nobody gets more than the model was trained for. */
export interface ContextWish {
  /** Fewest that will do; 0: unknown. */
  readonly least: number;
  /** What a new context should have; 0: the default. */
  readonly preferred: number;
}

/** What a model takes while it is in memory. */
export interface Footprint {
  readonly contextLength: number;
  readonly sizeBytes: number;
  readonly vramBytes: number;
  /** Milliseconds until it is unloaded; negative: never. */
  readonly expiresInMs: number;
}

/** One model of the engine, in memory or not. Only `facts` and `footprint` may be used outside one's turn. */
export interface Resident {
  readonly file: ModelFile;
  readonly takeTurn: TakeTurn;
  /** Rejects with `upstream_error` if the file is missing or broken. */
  facts(): Promise<ModelFacts>;
  footprint(): Footprint | undefined;
  /** The model, loaded if it is not. A load that has begun goes on when nobody waits for it any more. */
  model(): Promise<LlamaModel>;
  /** How much of the file is read, 0 to 1. */
  loadedFraction(): number;
  /** The model's chat template; `thinks` false: with as little reasoning as it allows. The model must be loaded. */
  chatWrapper(thinks: boolean): ChatWrapper;
  /** Where text is read and generated; made again if it is shorter than what is needed. The model must be loaded. */
  sequence(wish: ContextWish): Promise<LlamaContextSequence>;
  /** What makes vectors. The model must be loaded. */
  embedder(): Promise<{ embedder: LlamaEmbeddingContext; contextLength: number }>;
  /** Unloads the model after a pause without calls; negative: never. Replaces what was said before. */
  keepFor(durationMs: number): void;
  unload(): Promise<void>;
}

export function resident(file: ModelFile, runtime: Runtime, settings: ResidentSettings): Resident {
  const { clock, threads } = settings;
  const takeTurn = turns();
  let facts: Promise<ModelFacts> | undefined;
  const wrappers = new Map<boolean, ChatWrapper>();
  let fraction = 0;
  let loaded: Promise<LlamaModel> | undefined;
  let model: LlamaModel | undefined;
  let context: LlamaContext | undefined;
  let sequence: LlamaContextSequence | undefined;
  let embedder: LlamaEmbeddingContext | undefined;
  let expiresAt: number | undefined;
  let cancelExpiry = () => {};

  // The library can abort a load, but then it keeps the process from ever ending.
  async function load(): Promise<LlamaModel> {
    fraction = 0;
    try {
      const onLoadProgress = (value: number) => (fraction = value);
      model = await runtime.llama.loadModel({ modelPath: file.path, onLoadProgress });
      // Finding the template takes a few hundred milliseconds: a part of loading.
      wrappers.set(true, runtime.library.resolveChatWrapper(model));
      return model;
    } catch (thrown) {
      await model?.dispose();
      loaded = model = undefined;
      throw thrown;
    }
  }

  function loadedModel(): LlamaModel {
    if (model === undefined) throw new Error('the model is not loaded');
    return model;
  }

  async function unload(): Promise<void> {
    cancelExpiry();
    expiresAt = undefined;
    const unloaded = await loaded?.catch(() => undefined);
    loaded = model = context = sequence = embedder = undefined;
    wrappers.clear();
    await unloaded?.dispose();
  }

  /** Another call may have come meanwhile and put the time off. */
  async function unloadAt(time: number): Promise<void> {
    const release = await takeTurn(new AbortController().signal);
    try {
      if (expiresAt === time) await unload();
    } finally {
      release();
    }
  }

  return {
    file,
    takeTurn,
    unload,

    facts() {
      facts ??= modelFacts(file.path, runtime.library).catch((thrown: unknown) => {
        facts = undefined;
        const message = `the file of model "${file.name}" is missing or no GGUF file: delete what is left of it and start again`;
        throw new ClusterError('upstream_error', message, { cause: thrown });
      });
      return facts;
    },

    footprint() {
      if (model === undefined) return undefined;
      const parts = [model.memoryUsage, ...(context === undefined ? [] : [context.memoryUsage])];
      const vramBytes = parts.reduce((sum, { vram }) => sum + vram, 0);
      return {
        contextLength: context?.contextSize ?? contextSize(model, settings.contextLength),
        sizeBytes: parts.reduce((sum, { ram }) => sum + ram, vramBytes),
        vramBytes,
        expiresInMs: expiresAt === undefined ? -1 : Math.max(0, expiresAt - clock.now()),
      };
    },

    async model() {
      loaded ??= load();
      return loaded;
    },

    loadedFraction: () => fraction,

    chatWrapper(thinks) {
      const wrapper =
        wrappers.get(thinks) ?? runtime.library.resolveChatWrapper(loadedModel(), thinks ? {} : unthinking);
      wrappers.set(thinks, wrapper);
      return wrapper;
    },

    async sequence({ least, preferred }) {
      const model = loadedModel();
      if (context !== undefined && context.contextSize < contextSize(model, least)) {
        await context.dispose();
        context = sequence = undefined;
      }
      const wanted = contextSize(model, Math.max(least, preferred === 0 ? settings.contextLength : preferred));
      context ??= await model.createContext({ contextSize: wanted, sequences: 1, threads });
      sequence ??= context.getSequence();
      return sequence;
    },

    async embedder() {
      const model = loadedModel();
      const contextLength = contextSize(model, settings.contextLength);
      embedder ??= await model.createEmbeddingContext({
        contextSize: contextLength,
        // Encoders want the whole text in one batch.
        batchSize: contextLength,
        threads,
      });
      return { embedder, contextLength };
    },

    keepFor(durationMs) {
      cancelExpiry();
      expiresAt = undefined;
      if (durationMs < 0) return;
      const time = clock.now() + durationMs;
      expiresAt = time;
      cancelExpiry = clock.after(durationMs, () => void unloadAt(time));
    },
  };
}

function contextSize(model: LlamaModel, wanted: number): number {
  return Math.min(wanted, model.trainContextSize);
}
