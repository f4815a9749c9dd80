import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { members } from '../json/spans.ts';
import { parseChatCompletion, parseCompletion, renderRequest } from './index.ts';

type CallInit = MessageInitShape<typeof CallSchema>;

const kinds: readonly CallInit['kind'][] = [
  { case: 'chat', value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: 'hi' } }] }] } },
  { case: 'completion', value: { prompt: 'hi' } },
  { case: 'embed', value: { inputs: ['hi'] } },
];

function bodyOf(call: CallInit): string {
  const whole = create(CallSchema, { dialect: 'openai', kind: kinds[0]!, ...call });
  return renderRequest(whole, { model: 'small', strict: false }).body;
}

function namesIn(body: string): string[] {
  return members(body).map(([key]) => key);
}

describe('renderRequest', () => {
  it.each(kinds)('lets no spelling of a field of its own past it: %j', (kind) => {
    const extraJson = '{"model":"big","MODEL":"big","Stream":false,"Input":"x","Messages":[],"max_TOKENS":1,"x":1.0}';
    const optionsJson = '{"Model":"big","model":"big","\u017ftream":false,"messages":[],"top_k":5}';
    const body = bodyOf({ kind: kind!, extraJson, optionsJson });
    const names = namesIn(body).map((name) => name.toUpperCase().toLowerCase());
    expect(names).toEqual([...new Set(names)]);
    expect(members(body)).toContainEqual(['model', '"small"']);
    if (kind!.case !== 'embed') expect(members(body)).toContainEqual(['top_k', '5']);
  });

  it('says an option once that the caller has said in other words too', () => {
    const body = bodyOf({ optionsJson: '{"seed":1}', extraJson: '{"Seed":2}', think: 'low' });
    expect(namesIn(body).filter((name) => name.toLowerCase() === 'seed')).toEqual(['seed']);
    const wish = bodyOf({ extraJson: '{"Chat_Template_Kwargs":{}}', think: 'low' });
    expect(namesIn(wish)).not.toContain('chat_template_kwargs');
  });

  it.each(['models', 'route', 'fallbacks', 'Models'])('sends no %s, which would choose another model', (name) => {
    const json = `{"${name}":["big"]}`;
    const refusal = expect.objectContaining({
      ...{ reason: 'invalid_request', param: name },
      message: expect.stringContaining('x-tutti-fallback'),
    });
    expect(() => bodyOf({ extraJson: json })).toThrow(refusal);
    // Options of Ollama's clients stand at the top as well.
    expect(() => bodyOf({ dialect: 'ollama', optionsJson: json })).toThrow(refusal);
  });

  it('sends the format of a text to continue to a server that knows one', () => {
    const body = '{"model":"small","prompt":"hi","response_format":{"type":"json_object"}}';
    expect(renderRequest(parseCompletion(body).call, { model: 'small', strict: false }).body).toContain(
      '"response_format":{"type":"json_object"}',
    );
  });
});

describe('parseChatCompletion', () => {
  it.each(['models', 'route', 'fallbacks'])('refuses %s before anything runs', (param) => {
    const body = `{"model":"small","messages":[{"role":"user","content":"hi"}],"${param}":["big"]}`;
    expect(() => parseChatCompletion(body)).toThrow(expect.objectContaining({ reason: 'invalid_request', param }));
  });
});
