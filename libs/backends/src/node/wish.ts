import { canonicalModel, cloudCapability, runnerOptionsOf, type Call } from '@tutti/core';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import type { Resident, Sent } from './residents.ts';

/** What a call, or a person, needs of the runner of a model. */
export interface Wish {
  /** Canonical name. */
  readonly model: string;
  /** Fewest tokens of context that will do; 0: unknown. */
  readonly min: number;
  /** Tokens of context to load it with; 0: no wish. */
  readonly preferred: number;
  /** As `runnerOptionsOf` gives them; "": whatever the runner has. */
  readonly options: string;
  /** Whether the model makes vectors: it is loaded by another request. */
  readonly embeds: boolean;
}

export function wishOf({ model, numCtx, optionsJson, kind }: Call): Wish {
  return {
    model: canonicalModel(model),
    min: numCtx?.min ?? 0,
    preferred: numCtx?.preferred ?? 0,
    options: runnerOptionsOf(optionsJson),
    embeds: kind.case === 'embed',
  };
}

/** Whether a runner can serve it without being loaded anew. What is not known of the runner is taken to be right. */
export function fits({ contextLength, sent }: Resident, wish: Wish, trainedContext = Infinity): boolean {
  if (contextLength !== undefined && contextLength < Math.min(wish.min, trainedContext)) return false;
  return wish.options === '' || sent === undefined || sent.options === wish.options;
}

/** The least context that Ollama gives a model that nobody names one for, unless told otherwise. */
const leastDefault = 4_096;

/** Nobody tells a server to give less than this. */
const surelyDefault = 2_048;

/**
 * What to load the model with: its server's own default, as long as nobody wishes for more. Nobody gets more context
 * than it was trained for.
 */
export function loadOptions({ min, preferred, options }: Wish, trainedContext = Infinity): Sent {
  if (preferred === 0 && min <= surelyDefault) return { numCtx: undefined, options };
  const wanted = preferred === 0 ? Math.max(min, leastDefault) : Math.max(min, preferred);
  return { numCtx: Math.min(wanted, trainedContext), options };
}

/**
 * What a call must say so that the backend finds that it has the runner already. Backends compare what was asked for,
 * which is more than `contextLength` where that is all that the model was trained for.
 */
export function optionsFor({ contextLength, sent }: Resident, trainedContext = Infinity): Sent {
  const options = sent?.options ?? '';
  if (sent?.numCtx !== undefined) return { numCtx: sent.numCtx, options };
  const cut = contextLength !== undefined && contextLength >= trainedContext;
  const unasked = sent !== undefined || trainedContext <= leastDefault;
  return { numCtx: cut && unasked ? undefined : contextLength, options };
}

/** Whether the model makes vectors and no text: it must be asked for vectors, even to be loaded. */
export function onlyEmbeds(model: Pick<Model, 'capabilities'> | undefined): boolean {
  return model?.capabilities.includes('embedding') === true && !model.capabilities.includes('completion');
}

/** Whether the backend hands its calls on to a machine elsewhere. */
export function isCloud(model: Pick<Model, 'capabilities'> | undefined): boolean {
  return model?.capabilities.includes(cloudCapability) === true;
}
