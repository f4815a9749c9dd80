import { getOption } from '@bufbuild/protobuf';
import type { DescMessage, DescMethod, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, linkedController } from '@tutti/core';
import { collect, Collect } from '@tutti/proto/tutti/v1/options';
import { handlerOf } from '../handler.ts';
import type { AnyHandler, HandlerContext, Implementation } from '../handler.ts';
import { untilAborted } from '../wait.ts';
import { bindingsOf, pathOf } from './bindings.ts';
import type { Binding, Verb } from './bindings.ts';
import { requestReader } from './read-request.ts';
import type { RequestParts } from './read-request.ts';
import { responseJson, type RestEvent } from './response-json.ts';

/** An HTTP request, whatever server it came to. `metadata` are its headers. */
export type RestRequest = RequestParts & Omit<HandlerContext, 'identity'>;

export type RestAnswer =
  | { readonly kind: 'json'; readonly status: 200 | 202; readonly text: string }
  /** One a message, made as they are read. The reader runs it to its end or leaves it. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<RestEvent> };

export interface RestRoute {
  readonly verb: Verb;
  /** Fields of the request are written as `:name`. */
  readonly path: string;
  readonly method: DescMethod;
  /** Fails with a ClusterError. */
  handle(request: RestRequest): Promise<RestAnswer>;
}

export interface RestOptions {
  /** Told of what failed after its request was answered (`Prefer: respond-async`), for the log. */
  readonly onError?: (error: ClusterError, method: string) => void;
}

/** A route for each REST binding of a service. Methods that the implementation has not got answer `not_implemented`. */
export function restRoutes<S extends DescService>(
  service: S,
  implementation: Partial<Implementation<S>>,
  options: RestOptions = {},
): RestRoute[] {
  return bindingsOf(service).map((binding) => {
    const { method, verb } = binding;
    const handler = handlerOf(implementation, method) ?? notImplemented(method);
    const read = requestReader(binding);
    const answer = method.methodKind === 'unary' ? answerOnce : answerStream;
    return {
      verb,
      path: pathOf(binding, (name) => `:${name}`),
      method,
      handle: async (request) => answer({ binding, handler, options, request, input: read(request) }),
    };
  });
}

interface Call {
  readonly binding: Binding;
  readonly handler: AnyHandler;
  readonly options: RestOptions;
  readonly request: RestRequest;
  readonly input: object;
}

type Answer = MessageInitShape<DescMessage>;

async function answerOnce({ binding, handler, request, input }: Call): Promise<RestAnswer> {
  const answer = (await handler(input, contextOf(request))) as Answer;
  return { kind: 'json', status: 200, text: responseJson(binding, answer).data };
}

async function answerStream(call: Call): Promise<RestAnswer> {
  const { binding, request } = call;
  if (wantsEvents(call)) return { kind: 'events', events: eventsOf(binding, open(call, request.signal)) };
  if (request.metadata.get('prefer')?.includes('respond-async')) return answerFirst(call);
  let last: Answer | undefined;
  for await (const message of open(call, request.signal)) last = message;
  return { kind: 'json', status: 200, text: responseJson(binding, last ?? nothing(binding)).data };
}

function wantsEvents({ binding: { method }, request, input }: Call): boolean {
  if (request.metadata.get('accept')?.includes('text/event-stream')) return true;
  if ('follow' in input && input.follow === true) return true;
  return getOption(method, collect) !== Collect.LAST;
}

/** Answers with the first message; the rest goes on without the client. */
async function answerFirst(call: Call): Promise<RestAnswer> {
  const { binding, options, request } = call;
  const { controller, unlink } = linkedController(request.signal);
  const messages = open(call, controller.signal);
  try {
    const first = await messages.next();
    const { data: text } = responseJson(binding, first.done ? nothing(binding) : first.value);
    void readOn(messages).catch((thrown: unknown) => {
      options.onError?.(ClusterError.from(thrown), nameOf(binding.method));
    });
    return { kind: 'json', status: 202, text };
  } finally {
    unlink();
  }
}

async function readOn(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

async function* eventsOf(
  binding: Binding,
  messages: AsyncIterable<Answer>,
): AsyncGenerator<RestEvent, void, undefined> {
  for await (const message of messages) yield responseJson(binding, message);
}

function open({ handler, request, input }: Call, signal: AbortSignal): AsyncGenerator<Answer, void, undefined> {
  return untilAborted(signal, handler(input, { ...contextOf(request), signal }) as AsyncIterable<Answer>);
}

function contextOf({ signal, metadata, peer, principal }: RestRequest): HandlerContext {
  return { signal, metadata, peer, principal };
}

function notImplemented(method: DescMethod): AnyHandler {
  return () => {
    throw new ClusterError('not_implemented', `${nameOf(method)} is not implemented.`);
  };
}

function nothing({ method }: Binding): never {
  throw new ClusterError('internal', `${nameOf(method)} has answered nothing`);
}

function nameOf({ name, parent }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}
