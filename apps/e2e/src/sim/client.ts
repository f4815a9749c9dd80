import {
  ClusterError,
  localPrincipal,
  pause,
  Priority,
  Privacy,
  ticketMachine,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
} from '@tutti/core';
import { callOf } from '@tutti/simulation';
import type { PlannedCall } from './planned-calls.ts';
import type { Record } from './recorder.ts';

/** Sends calls, and hangs up. */
export interface Clients {
  send(planned: PlannedCall): void;
  /** Signals of those that have ended. */
  readonly signals: readonly AbortSignal[];
}

interface Options {
  readonly clock: Clock;
  readonly record: Record;
  readonly generate: Generate;
}

const privacies = { any: Privacy.ANY, cluster: Privacy.CLUSTER, local: Privacy.LOCAL } as const;

const priorities = {
  admin: Priority.ADMIN,
  interactive: Priority.INTERACTIVE,
  default: Priority.DEFAULT,
  batch: Priority.BATCH,
} as const;

export function createClients({ clock, record, generate }: Options): Clients {
  const nextTicket = ticketMachine();
  const signals: AbortSignal[] = [];

  const contextOf = (planned: PlannedCall, signal: AbortSignal): Context => ({
    ...{ signal, requestId: planned.request, ticket: nextTicket(), hops: 0 },
    principal: { ...localPrincipal, id: planned.tenant },
    priority: priorities[planned.priority],
    privacy: privacies[planned.privacy],
    ...{ resume: planned.resume, fallback: planned.fallback },
    ...(planned.pin !== '' && { pin: planned.pin }),
    ...(planned.tier !== undefined && { tier: planned.tier }),
  });

  const talk = async (planned: PlannedCall): Promise<void> => {
    const { request, leaves, deadlineMs, pauseMs } = planned;
    const controller = new AbortController();
    const { signal } = controller;
    signals.push(signal);
    const answer = { text: '', isDone: false, afterDone: 0, resumed: false };
    let hungUp = false;

    const leave = (reason?: ClusterError): void => {
      if (signal.aborted) return;
      record.add({ kind: 'left', request });
      controller.abort(reason);
    };
    const hangUp = (): void => {
      if (leaves?.how === 'stops') hungUp = true;
      else leave();
    };
    const stops = [
      deadlineMs && clock.after(deadlineMs, () => leave(new ClusterError('deadline_exceeded', 'The time is over.'))),
      leaves?.when === 'later' && clock.after(leaves.afterMs, hangUp),
    ].filter((stop) => typeof stop === 'function');

    const notice = (chunk: Chunk): void => {
      const { kind } = chunk;
      if (answer.isDone) answer.afterDone += 1;
      if (kind.case === 'delta') answer.text += kind.value.text;
      else if (kind.case === 'done') {
        answer.isDone = true;
        answer.resumed = kind.value.extraJson.includes('tutti_resumed');
      }
      const what = kind.case === 'progress' ? kind.value.kind.case : 'output';
      if (leaves && leaves.when === what) stops.push(clock.after(leaves.afterMs, hangUp));
    };

    let outcome: string;
    try {
      for await (const chunk of generate(callOf(planned.work), contextOf(planned, signal))) {
        notice(chunk);
        if (hungUp) break;
        if (pauseMs > 0 && chunk.kind.case === 'delta') await pause(clock, pauseMs, signal);
      }
      outcome = answer.isDone ? 'complete' : hungUp ? 'client_closed' : 'ended without an end';
    } catch (thrown) {
      outcome = ClusterError.from(thrown).reason;
    }
    for (const stop of stops) stop();
    const { text, resumed, afterDone } = answer;
    record.add({ kind: 'ended', request, outcome, text, resumed, afterDone });
    // Whoever stopped to read says so when it is out.
    if (hungUp && !signal.aborted) controller.abort();
  };

  return {
    send(planned) {
      const { request, model, fallback, resume, privacy, pin, content, mustSucceed } = planned;
      record.add({ kind: 'asked', request, model, fallback, resume, privacy, pin, content, mustSucceed });
      void talk(planned);
    },
    signals,
  };
}
