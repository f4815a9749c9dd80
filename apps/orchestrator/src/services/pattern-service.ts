import {
  create,
  isMessage,
  toJson,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  ClusterError,
  linkedController,
  localPrincipal,
  onAbort,
  Privacy,
  type Clock,
  type RunRecord,
} from '@tutti/core';
import { taskOfText } from '@tutti/core/cluster';
import type { JsonObject, RunCaller, RunEntry } from '@tutti/core/patterns';
import {
  DebateResultSchema,
  DebateTallySchema,
  EnsembleResultSchema,
  ExecutionState,
  MaestroResultSchema,
  RunDebateRequestSchema,
  RunEnsembleRequestSchema,
  RunMaestroRequestSchema,
  type ExecutionEventSchema,
  type ExecutionStartedSchema,
  type PatternService,
} from '@tutti/proto/tutti/v1/pattern';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import { readCaller } from '../caller/caller.ts';
import { chosenId } from '../runs/run-id.ts';
import type { DebateTally } from '../runs/debate-tally.ts';
import type { Runs } from '../runs/runs.ts';
import { executionEvent } from './execution-event.ts';
import { jsonOf, plainObject } from './execution-parts.ts';
import { executionOf, summaryOf } from './execution.ts';
import { patternResult, type ResultShape } from './pattern-result.ts';

interface Options {
  readonly runs: Runs;
  readonly tally: Pick<DebateTally, 'read'>;
  readonly clock: Clock;
}

const defaultPageSize = 50;
const largestPageSize = 500;

/** Whoever cancels a run is shown its end if that comes within this. */
const endMs = 2_000;

const shapes = {
  ensemble: { pattern: 'ensemble', schema: EnsembleResultSchema, answer: 'consensusOutput' },
  debate: { pattern: 'debate', schema: DebateResultSchema, answer: 'finalSynthesis' },
  maestro: { pattern: 'maestro', schema: MaestroResultSchema, answer: 'finalOutput' },
} as const;

type Part<D extends DescMessage> =
  | { kind: { case: 'started'; value: MessageInitShape<typeof ExecutionStartedSchema> } }
  | { kind: { case: 'event'; value: MessageInitShape<typeof ExecutionEventSchema> } }
  | { kind: { case: 'result'; value: MessageShape<D> } };

/** Runs patterns, and shows runs to those who started them. */
export function patternService({ runs, tally, clock }: Options): Implementation<typeof PatternService> {
  async function* run<D extends DescMessage>(
    shape: ResultShape<D>,
    asked: JsonObject,
    context: HandlerContext,
  ): AsyncGenerator<Part<D>, void> {
    const { id: wanted, durable: kept, budget, ...body } = asked as JsonObject & { id?: string; durable?: boolean };
    const { metadata, signal, principal = localPrincipal } = context;
    const caller = readCaller((name) => metadata.get(name), principal);
    const durable = isKept(kept, caller);
    const idempotencyKey = metadata.get('idempotency-key');
    const { pattern } = shape;
    const chosen = chosenId(wanted);
    const { id, head } = await runs.start({ id: chosen, idempotencyKey, pattern, body, budget, durable, caller });
    // Nobody could come back to one that no store has.
    const forget = durable ? () => {} : onAbort(signal, () => void runs.cancel(id, principal.id).catch(() => {}));
    try {
      yield { kind: { case: 'started', value: { id, state: ExecutionState[head.state], pattern: head.pattern } } };
      let started: RunEntry | undefined;
      for await (const entry of runs.follow(id, principal.id, 0, signal)) {
        started ??= entry;
        yield { kind: { case: 'event', value: executionEvent(entry) } };
        const { event: end } = entry;
        if (end.type !== 'ended') continue;
        const value = patternResult(shape, { id, started, ended: entry, end });
        yield { kind: { case: 'result', value: await withTally(value, head) } };
      }
    } finally {
      forget();
    }
  }

  const countsFor = ({ title }: RunRecord) => tally.read(taskOfText(title)).catch(() => undefined);

  /** What debating has come to stands beside what a debate has. */
  const withTally = async <M extends Message>(result: M, head: RunRecord): Promise<M> => {
    const counts = isMessage(result, DebateResultSchema) && (await countsFor(head));
    return counts ? { ...result, tally: create(DebateTallySchema, counts) } : result;
  };

  const show = async (id: string, key: string) => {
    const head = await runs.find(id, key);
    const execution = executionOf(head, await runs.read(id, key));
    const counts = head.pattern === 'debate' && execution.result && (await countsFor(head));
    return { execution: counts ? { ...execution, result: { ...execution.result, tally: { ...counts } } } : execution };
  };

  const ended = async (id: string, key: string, signal: AbortSignal): Promise<void> => {
    const { controller, unlink } = linkedController(signal);
    const stop = clock.after(endMs, () => controller.abort());
    try {
      for await (const _ of runs.follow(id, key, 0, controller.signal));
    } catch (thrown) {
      if (!controller.signal.aborted) throw thrown;
    } finally {
      stop();
      unlink();
    }
  };

  return {
    runEnsemble: (request, context) => run(shapes.ensemble, bodyOf(RunEnsembleRequestSchema, request), context),
    runDebate: (request, context) => run(shapes.debate, bodyOf(RunDebateRequestSchema, request), context),
    runMaestro: (request, context) => run(shapes.maestro, bodyOf(RunMaestroRequestSchema, request), context),
    getExecution: ({ id }, { principal = localPrincipal }) => show(id, principal.id),
    async *streamExecutionEvents({ id, after }, { metadata, signal, principal = localPrincipal }) {
      const last = lastEventId(metadata.get('last-event-id')) ?? after;
      if (last < 0) throw refused('after', `after must not be negative, got ${after}.`);
      for await (const entry of runs.follow(id, principal.id, last, signal)) yield { event: executionEvent(entry) };
    },
    async cancelExecution({ id }, { signal, principal = localPrincipal }) {
      await runs.cancel(id, principal.id);
      await ended(id, principal.id, signal);
      return show(id, principal.id);
    },
    async answerExecution({ id, step, value }, { principal = localPrincipal }) {
      if (!value) throw refused('value', 'value is required.');
      await runs.answer(id, principal.id, step, jsonOf(value));
      return show(id, principal.id);
    },
    async listExecutions({ pattern, state, pageSize, pageToken }, { principal = localPrincipal }) {
      const named = Object.entries(ExecutionState).find(([, value]) => value === state && value !== 0)?.[0];
      const filter = {
        key: principal.id,
        ...(pattern && { pattern }),
        ...(named && { state: named as Exclude<keyof typeof ExecutionState, 'UNSPECIFIED'> }),
      };
      const page = { limit: limitOf(pageSize), ...(pageToken && { token: pageToken }) };
      const found = await runs.list(filter, page);
      return { executions: found.runs.map(summaryOf), nextPageToken: found.next ?? '' };
    },
    async getFixture({ id }, { principal = localPrincipal }) {
      const { pattern } = await runs.find(id, principal.id);
      const entries = (await runs.read(id, principal.id)).map(withoutCaller);
      return { fixture: plainObject({ id, pattern, entries }) };
    },
  };
}

/** What a client sent, as JSON; what it left out is not there. */
function bodyOf<D extends DescMessage>(schema: D, request: MessageShape<D>): JsonObject {
  return toJson(schema, request) as JsonObject;
}

function withoutCaller(entry: RunEntry): RunEntry {
  if (entry.event.type !== 'started') return entry;
  const { caller: _caller, request: _request, ...event } = entry.event;
  return { ...entry, event };
}

function lastEventId(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw refused('Last-Event-ID', `Last-Event-ID must be the number of an event, got "${text.slice(0, 40)}".`);
}

function limitOf(pageSize = defaultPageSize): number {
  if (pageSize >= 1 && pageSize <= largestPageSize) return pageSize;
  throw refused('pageSize', `pageSize must be 1 to ${largestPageSize}, got ${pageSize}.`);
}

function refused(param: string, message: string): ClusterError {
  return new ClusterError('invalid_request', message, { param });
}

/** The store may be on another machine: a text that may not leave this one is not written there. */
function isKept(wanted: boolean | undefined, { privacy }: RunCaller): boolean {
  if (privacy !== Privacy.LOCAL) return wanted ?? true;
  if (!wanted) return false;
  const message = 'With x-tutti-privacy: local nothing is written to the store: send durable: false, or nothing.';
  throw new ClusterError('invalid_request', message, { param: 'durable' });
}
