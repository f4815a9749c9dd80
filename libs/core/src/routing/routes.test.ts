import { create } from '@bufbuild/protobuf';
import { CallSchema, type Call } from '@tutti/proto/tutti/agent/v1/call';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { Route } from './policy.ts';
import { barredBy, createPolicies, routeFor, workloadOf } from './routes.ts';
import { demand, embedding } from './routing.fixture.ts';

type Kind = NonNullable<MessageInitShape<typeof CallSchema>['kind']>;

const callWith = (kind: Kind): Call => create(CallSchema, { kind });

const words = callWith({
  case: 'chat',
  value: { messages: [{ parts: [{ kind: { case: 'text', value: 'write code' } }] }] },
});
const media = (mediaType: string): Call =>
  callWith({
    case: 'chat',
    value: { messages: [{ parts: [{ kind: { case: 'media', value: { mediaType } } }] }] },
  });

const route = (match: string, changes: Partial<Route> = {}): Route => ({ match, policy: 'least-busy', ...changes });

describe('the route of a call', () => {
  it('is the first that matches', () => {
    const routes = [route('qwen*'), route('*'), route('llama*')];
    expect(routeFor(routes, demand('llama3:8b'), words)).toBe(routes[1]);
    expect(routeFor(routes, demand('qwen3:4b'), words)).toBe(routes[0]);
  });

  it('is by cost if none does', () => {
    expect(routeFor([route('qwen*')], demand('llama3:8b'), words)).toEqual({ match: '*', policy: 'cost' });
    expect(routeFor([], demand(), words)).toBe(routeFor([], embedding(), words));
  });

  it.each([
    ['llama3', 'llama3:latest', true],
    ['llama3', 'llama3:8b', false],
    ['llama3:*', 'llama3:8b', true],
    ['*coder*', 'hf.co/x/qwen-coder:7b', true],
    ['*:70b', 'llama3:8b', false],
  ])('%s matches %s: %s', (match, model, expected) => {
    const only = route(match);
    expect(routeFor([only], demand(model), words) === only).toBe(expected);
  });

  it.each(['chat', 'code', 'embed', 'image'])('may name the workload %s', (match) => {
    const only = route(match);
    const matched = [
      routeFor([only], demand('llama3:8b'), words) === only && 'chat',
      routeFor([only], demand('qwen2.5-coder:7b'), words) === only && 'code',
      routeFor([only], embedding('nomic:latest'), callWith({ case: 'embed', value: {} })) === only && 'embed',
      routeFor([only], demand('llava:7b'), media('image/png')) === only && 'image',
    ].filter(Boolean);
    expect(matched).toEqual([match]);
  });
});

describe('a workload', () => {
  it('is never told by the words of the prompt', () => {
    expect(workloadOf(demand('llama3:8b'), words)).toBe('chat');
  });

  it('is image by the picture, or by what the call asks of the model', () => {
    expect(workloadOf(demand('m', { capabilities: ['vision'] }), words)).toBe('image');
    expect(workloadOf(demand('m'), media('audio/wav'))).toBe('chat');
    const completion = callWith({ case: 'completion', value: { images: [{ mediaType: 'image/png' }] } });
    expect(workloadOf(demand('m'), completion)).toBe('image');
    expect(workloadOf(demand('m'), callWith({ case: 'completion', value: { prompt: 'a picture' } }))).toBe('chat');
  });

  it.each([
    ['codellama:7b', 'code'],
    ['StarCoder2:3b', 'code'],
    ['cross-encoder:latest', 'chat'],
  ])('of %s is %s', (model, expected) => {
    expect(workloadOf(demand(model), words)).toBe(expected);
  });

  it('is embed for any model', () => {
    expect(workloadOf(embedding('coder'), words)).toBe('embed');
  });
});

describe('a node is kept out', () => {
  it('by a weight of 0, or by having none', () => {
    const weighted = route('*', { policy: 'weighted', weights: { a: 1, zero: 0 } });
    expect(['a', 'zero', 'b', 'toString'].map((node) => barredBy(weighted, node))).toEqual([
      undefined,
      'its route gives it no weight',
      'its route gives it no weight',
      'its route gives it no weight',
    ]);
  });

  it('by a list of fallbacks without it', () => {
    const listed = route('*', { policy: 'primary-fallback', primary: 'a', fallback: ['b'] });
    expect(['a', 'b', 'c'].map((node) => barredBy(listed, node))).toEqual([
      undefined,
      undefined,
      'its route names other nodes',
    ]);
    expect(barredBy(route('*', { policy: 'primary-fallback', primary: 'a' }), 'c')).toBeUndefined();
  });

  it('by no other policy', () => {
    expect(barredBy(route('*', { weights: { a: 1 } }), 'b')).toBeUndefined();
  });
});

it('a route keeps its policy, and a changed route gets another', () => {
  const policyOf = createPolicies();
  const one = route('*');
  expect(policyOf(one)).toBe(policyOf(one));
  expect(policyOf({ ...one })).not.toBe(policyOf(one));
});
