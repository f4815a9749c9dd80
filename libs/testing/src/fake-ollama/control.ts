import type { Activity } from './activity.ts';
import type { Exchange } from './exchange.ts';
import type { Fault, FaultScope } from './faults.ts';
import { goJson } from './go-json.ts';
import type { ServerState } from './server-state.ts';

/** Where another process looks at a fake and makes it fail. No Ollama has this path. */
export const controlPath = '/fake';

/** Counts since the start, and what is the case now. */
export interface FakeStats {
  readonly loads: number;
  readonly reloads: number;
  readonly evictions: number;
  readonly aborted: number;
  readonly live: number;
  readonly zombies: number;
  readonly runners: readonly { readonly model: string; readonly numCtx: number; readonly bytes: number }[];
}

/** A fault in JSON: `times` is null for all requests. */
type FaultOrder = Omit<FaultScope, 'times'> & { readonly fault: Fault; readonly times?: number | null };

/** `GET` tells the counts, `POST` adds a fault, `DELETE` takes all faults back. */
export function answerControl(state: ServerState, activity: Activity, exchange: Exchange): void {
  if (exchange.method === 'GET') return exchange.json(200, goJson(statsOf(state, activity)));
  if (exchange.method === 'DELETE') state.faults.clear();
  else {
    const { fault, times, ...scope } = JSON.parse(exchange.body) as FaultOrder;
    state.faults.add(fault, { ...scope, times: times === null ? Infinity : (times ?? 1) });
  }
  exchange.status(204);
}

function statsOf({ runners, zombies }: ServerState, { aborted, live }: Activity): FakeStats {
  const { loads, reloads, evictions } = runners;
  const resident = runners.list.map(({ model, numCtx, bytes }) => ({ model: model.id.short, numCtx, bytes }));
  return { loads, reloads, evictions, aborted, live, zombies, runners: resident };
}
