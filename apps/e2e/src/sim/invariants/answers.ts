import { eventsOf, type Invariant, type Violation } from './violation.ts';

/** I1: each request has one end, at once if its client leaves, and nothing after it. */
export const oneEnd: Invariant = (history) => {
  const rule = 'I1 one end';
  const found: Violation[] = [];
  const ends = Map.groupBy(eventsOf(history, 'ended'), ({ request }) => request);
  for (const { request, at, mustSucceed } of eventsOf(history, 'asked')) {
    const [end, ...others] = ends.get(request) ?? [];
    if (!end) found.push({ rule, atMs: at, what: `${request} never ended` });
    else if (others.length > 0) found.push({ rule, atMs: at, what: `${request} ended ${others.length + 1} times` });
    if (end && end.afterDone > 0) found.push({ rule, atMs: end.at, what: `${request} went on after its last chunk` });
    if (end && !isEnd(end.outcome)) found.push({ rule, atMs: end.at, what: `${request} ended with "${end.outcome}"` });
    if (mustSucceed && end && end.outcome !== 'complete') {
      found.push({ rule: 'I10 calm', atMs: end.at, what: `${request} ended with ${end.outcome} after all faults` });
    }
  }
  for (const { request, at } of eventsOf(history, 'left')) {
    const end = ends.get(request)?.[0];
    if (end && end.at > at) found.push({ rule, atMs: at, what: `${request} ended ${end.at - at} ms after its client` });
  }
  return found;
};

/** Words that no client may ever see, or that are no reason at all. */
function isEnd(outcome: string): boolean {
  return !['internal', 'no_slot', 'stale_epoch', 'ended without an end'].includes(outcome);
}

interface Piece {
  readonly node: string;
  readonly attempt: number;
  readonly index: number;
}

/** I2: what a client gets is the beginning of one attempt's answer, or of several where that is declared; all of it if it is complete. */
export const onePrefix: Invariant = (history) => {
  const rule = 'I2 one attempt';
  const found: Violation[] = [];
  const worked = new Map(eventsOf(history, 'worked').map((event) => [event.attempt, event]));
  const asked = new Map(eventsOf(history, 'asked').map((event) => [event.request, event]));
  const entered = new Map(eventsOf(history, 'entered').map((event) => [event.attempt, event]));
  for (const { request, at, text, outcome, resumed } of eventsOf(history, 'ended')) {
    const parts = partsOf(text);
    const tell = (what: string): number => found.push({ rule, atMs: at, what: `${request}: ${what}` });
    if (!parts) {
      tell(`pieces are missing or mixed: ${text.slice(0, 200)}`);
      continue;
    }
    if (parts.some(({ attempt }) => entered.get(attempt)?.request !== request)) tell("has another's answer");
    if (parts.length > 1 && !asked.get(request)?.resume) tell(`has ${parts.length} answers and asked for one`);
    const last = parts.at(-1);
    if (outcome !== 'complete' || !last) continue;
    if (parts.length > 1 && !resumed) tell('was continued, and nothing says so');
    const { pieces = 0, complete = false } = worked.get(last.attempt) ?? {};
    if (!complete || pieces !== last.index + 1) tell(`counts as complete with ${last.index + 1} of ${pieces} pieces`);
  }
  return found;
};

/** The last piece of each attempt, in order. Undefined: they do not follow each other. */
function partsOf(text: string): Piece[] | undefined {
  const parts: Piece[] = [];
  for (const word of text.split(' ').filter((other) => other !== '')) {
    const [node = '', attempt, index] = word.split('/');
    const piece = { node, attempt: Number(attempt), index: Number(index) };
    const before = parts.at(-1);
    if (before?.attempt === piece.attempt) {
      if (piece.index !== before.index + 1) return undefined;
      parts.pop();
    } else if (piece.index !== 0) return undefined;
    parts.push(piece);
  }
  return parts;
}

/** A call reaches only nodes that it may, with no other model than it asked for; I6 for its privacy. */
export const asAsked: Invariant = (history) => {
  const found: Violation[] = [];
  const asked = new Map(eventsOf(history, 'asked').map((event) => [event.request, event]));
  const traits = new Map(history.nodes.map((node) => [node.name, node]));
  for (const { at, request, node, model } of eventsOf(history, 'sent')) {
    const { privacy, pin, ...call } = asked.get(request)!;
    const { cloud, sameMachine } = traits.get(node)!;
    if (cloud && privacy !== 'any') found.push({ rule: 'I6 privacy', atMs: at, what: `${request} went to ${node}` });
    else if (privacy === 'local' && !sameMachine) {
      found.push({ rule: 'I6 privacy', atMs: at, what: `${request} left the machine for ${node}` });
    }
    if (pin !== '' && pin !== node)
      found.push({ rule: 'pin', atMs: at, what: `${request} went to ${node}, not ${pin}` });
    if (![call.model, ...call.fallback].includes(model)) {
      found.push({ rule: 'model', atMs: at, what: `${request} asked for ${call.model} and got ${model}` });
    }
  }
  return found;
};

const deaths: ReadonlySet<string> = new Set(['node_unreachable', 'upstream_error']);

/**
 * Words that kill may kill two nodes that are known to have taken them; and nobody is accused who has not been on two
 * that died.
 */
export const poison: Invariant = (history) => {
  const rule = 'poison';
  const found: Violation[] = [];
  const contents = new Map(eventsOf(history, 'asked').map(({ request, content }) => [request, content]));
  const sends = new Map(eventsOf(history, 'sent').map((event) => [event.send, event]));
  const accepted = new Set(eventsOf(history, 'accepted').map(({ send }) => send));
  const killed = eventsOf(history, 'killed').filter(({ by }) => by === 'prompt');
  const killers = new Map(killed.map(({ at, node, content }) => [`${content} ${node}`, at]));
  const victims = new Map<number, Set<string>>();
  for (const { at, send, reason } of eventsOf(history, 'returned')) {
    const { node, request } = sends.get(send)!;
    const content = contents.get(request)!;
    // What failed before its words killed the node was told of something else.
    const killedAt = killers.get(`${content} ${node}`) ?? Infinity;
    if (!accepted.has(send) || !deaths.has(reason) || at < killedAt) continue;
    const nodes = new Set(victims.get(content)).add(node);
    victims.set(content, nodes);
    if (nodes.size > 2) found.push({ rule, atMs: at, what: `content ${content} killed ${[...nodes].join(', ')}` });
  }
  const touched = Map.groupBy(eventsOf(history, 'entered'), ({ request }) => request);
  for (const { at, request, outcome } of eventsOf(history, 'ended')) {
    const nodes = new Set(touched.get(request)?.map(({ node }) => node));
    if (outcome === 'poison_request' && nodes.size < 2) {
      found.push({ rule, atMs: at, what: `${request} was refused as poison and had been on ${nodes.size} nodes` });
    }
  }
  return found;
};
