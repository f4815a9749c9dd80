import { ClusterError } from '@tutti/core';
import type { RunEnd, RunEntry } from '@tutti/core/patterns';
import { waitingSteps } from '../runs/run-progress.ts';
import type { Run, Runs } from '../runs/runs.ts';
import {
  messagesIn,
  nextTurnId,
  turnBody,
  type FoundConversation,
  type SaidMessage,
  type TurnWork,
} from './stored-conversation.ts';

/** A part of a turn: its start, what happens in it, and what was said in it. */
export type TurnPart =
  | { readonly kind: 'started'; readonly runId: string; readonly pattern: string }
  | { readonly kind: 'entry'; readonly entry: RunEntry }
  | { readonly kind: 'turn'; readonly found: FoundConversation; readonly messages: readonly SaidMessage[] };

interface Options {
  readonly runs: Runs;
  readonly find: (id: string, key: string) => Promise<FoundConversation>;
}

type Say = (id: string, content: string, work: TurnWork, signal: AbortSignal) => AsyncGenerator<TurnPart, void>;

/** A document has an end. */
const mostTurns = 500;

const busyRetryMs = 2_000;

export function createSay({ runs, find }: Options): Say {
  const start = async (id: string, content: string, work: TurnWork): Promise<Run> => {
    const { stored, going } = await find(id, work.caller.principal.id);
    const runId = nextTurnId(id, stored);
    if (going) throw busy(runId, [...waitingSteps(going)]);
    if (stored.turns >= mostTurns) throw full();
    try {
      const run = await runs.start({ ...work, id: runId, pattern: 'turn', body: turnBody(stored, content) });
      // The same was said twice at once: as two messages, of which the second has to wait.
      if (!run.isNew) throw busy(runId);
      return run;
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      // Somebody else has said something a moment ago.
      throw error.reason === 'failed_precondition' && error.param === 'id' ? busy(runId) : error;
    }
  };

  return async function* say(id, content, work, signal) {
    const key = work.caller.principal.id;
    const { id: runId, head } = await start(id, content, work);
    yield { kind: 'started', runId, pattern: head.pattern };
    const entries: RunEntry[] = [];
    let end: RunEnd | undefined;
    for await (const entry of runs.follow(runId, key, 0, signal)) {
      entries.push(entry);
      yield { kind: 'entry', entry };
      if (entry.event.type === 'ended') end = entry.event;
    }
    const found = await find(id, key);
    if (end?.error) throw new ClusterError(end.error.reason, `${end.error.message} (The run is ${runId}.)`);
    yield { kind: 'turn', found, messages: messagesIn(entries) };
  };
}

/** A message that waited in line would be said before its author had read the answer, and a retry be said twice. */
function busy(runId: string, waiting: readonly string[] = []): ClusterError {
  const [step] = waiting;
  if (step === undefined) {
    const message = `A conversation takes one message at a time, and its turn "${runId}" goes on. Say this again after its end.`;
    return new ClusterError('failed_precondition', message, { retryAfterMs: busyRetryMs });
  }
  const message = `The turn "${runId}" waits for a person: answer its step "${step}" first, by POST .../human/${step}.`;
  return new ClusterError('failed_precondition', message);
}

function full(): ClusterError {
  const message = `The conversation has ${mostTurns} turns, which is all it may have. Start another.`;
  return new ClusterError('failed_precondition', message);
}
