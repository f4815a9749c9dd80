import { localPrincipal, Priority, Privacy, ticketMachine, type Context, type Random } from '@tutti/core';
import type { Waiting } from '@tutti/core/cluster';
import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';

const classes = [Priority.INTERACTIVE, Priority.DEFAULT, Priority.BATCH];
const models = 20;

/** Returns a function that makes calls of so many tenants for twenty models, of all classes, one millisecond apart. */
export function waitingCalls(tenants: number, random: Random): () => Waiting {
  const nextTicket = ticketMachine();
  const { signal } = new AbortController();
  let since = 0;
  return () => {
    since += 1;
    const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    const [priority, privacy] = [one(classes), Privacy.CLUSTER];
    const model = `model-${Math.floor(random() * models)}`;
    const tenant = `tenant-${Math.floor(random() * tenants)}`;
    const context: Context = {
      ...{ signal, priority, privacy, hops: 0 },
      requestId: `request-${since}`,
      principal: localPrincipal,
      ticket: nextTicket(),
    };
    const demand: Waiting['demand'] = {
      ...{ model, tenant, priority, privacy, kind: 'generate', capabilities: [], runnerOptions: '', prefix: [] },
      ...{ promptTokens: 200, maxOutputTokens: Infinity, numCtx: undefined, node: undefined, tier: undefined },
    };
    return { call: create(CallSchema, { model }), context, demand, since, work: 100 + 1_000 * random() };
  };
}
