import { canonicalModel, ClusterError, type Clock } from '@tutti/core';
import { Verb, type VerbRequest } from '@tutti/proto/tutti/agent/v1/model';
import { z } from 'zod';
import type { Backend } from '../backend.ts';
import { loading } from '../loading.ts';
import type { Placement } from './placement.ts';
import type { Residents } from './residents.ts';

interface Options {
  readonly backend: Pick<Backend, 'verb'>;
  readonly placement: Placement;
  readonly residents: Residents;
  readonly clock: Clock;
}

const loadSchema = z.object({
  model: z.string().min(1),
  num_ctx: z.int().nonnegative().default(0),
  evict: z.array(z.string()).default([]),
});
const unloadSchema = z.object({ model: z.string().min(1) });

const progressMs = 1_000;

/** A backend's verbs; loading and unloading go by the placement, as for calls. The last line tells what was done. */
export function memoryVerbs({ backend, placement, residents, clock }: Options): Pick<Backend, 'verb'> {
  async function* load(bodyJson: string, signal: AbortSignal): AsyncIterable<string> {
    const body = parse(loadSchema, bodyJson);
    const model = canonicalModel(body.model);
    const wish = { model, min: body.num_ctx, preferred: body.num_ctx, options: '', embeds: false };
    const visit = await placement.place(wish, { holdsSlot: false, evict: body.evict.map(canonicalModel) });
    let result = { loadMs: 0, evicted: [] as readonly string[] };
    try {
      if (visit) {
        const chunks = loading(visit.loaded, { clock, signal, everyMs: progressMs, since: visit.since });
        for (let next = await chunks.next(); ; next = await chunks.next()) {
          if (next.done) {
            result = next.value;
            break;
          }
          yield JSON.stringify({ status: 'loading', elapsed_ms: clock.now() - visit.since });
        }
      }
    } finally {
      visit?.leave();
    }
    const numCtx = residents.find(model)?.contextLength;
    yield JSON.stringify({ status: 'success', load_ms: result.loadMs, num_ctx: numCtx, evicted: result.evicted });
  }

  async function* unload(bodyJson: string, signal: AbortSignal): AsyncIterable<string> {
    const model = canonicalModel(parse(unloadSchema, bodyJson).model);
    await residents.look();
    if (residents.find(model)) await placement.unload(model, { holdsSlot: false }, signal);
    yield JSON.stringify({ status: 'success' });
  }

  return {
    verb(request: Pick<VerbRequest, 'verb' | 'bodyJson'>, signal) {
      if (request.verb === Verb.LOAD) return load(request.bodyJson, signal);
      if (request.verb === Verb.UNLOAD) return unload(request.bodyJson, signal);
      return backend.verb(request, signal);
    },
  };
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ClusterError('malformed_json', 'The body is not valid JSON.', { cause });
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw new ClusterError('invalid_request', `The body is wrong: ${param} ${issue?.message ?? ''}`, { param });
}
