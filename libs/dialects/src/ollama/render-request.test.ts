import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { parseChatCompletion } from '../openai/index.ts';
import { parseChat, renderRequest } from './index.ts';

const schema = `{"type": "object", "properties": {"10": {"minimum": 1.0}, "2": {"const": ${'1234567890'.repeat(6)}}}}`;
const request = `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}]}`;

function bodyOf(call: MessageInitShape<typeof CallSchema>, numCtx?: number): unknown {
  const settings = numCtx === undefined ? { stream: false } : { stream: false, numCtx };
  return JSON.parse(renderRequest(create(CallSchema, call), settings).body);
}

const chat = { case: 'chat', value: {} } as const;

describe('renderRequest', () => {
  it.each([
    ['Ollama', parseChat],
    ['OpenAI', parseChatCompletion],
  ])('sends a tool schema that came in the dialect of %s on unchanged', (_, parse) => {
    expect(renderRequest(parse(request).call, { stream: true }).body).toContain(`"parameters":${schema}`);
  });

  it('lets typed fields win over raw ones of the same name, and says nothing twice', () => {
    const { body } = renderRequest(
      create(CallSchema, {
        dialect: 'ollama',
        model: 'm',
        kind: chat,
        numPredict: 5,
        optionsJson: '{"num_ctx":1,"num_predict":2,"seed":3}',
        extraJson: '{"model":"other","stream":true,"options":{},"x":1.0}',
      }),
      { stream: false, numCtx: 4096 },
    );
    expect(body).toBe(
      '{"model":"m","options":{"num_ctx":4096,"num_predict":5,"seed":3},"messages":[],"stream":false,"truncate":false,"shift":false,"x":1.0}',
    );
  });

  it('asks for the context that the agent settled on, else for the one that the call would like', () => {
    const call = { model: 'm', kind: chat, numCtx: { min: 100, preferred: 2048 } };
    expect(bodyOf(call, 8192)).toMatchObject({ options: { num_ctx: 8192 } });
    expect(bodyOf(call)).toMatchObject({ options: { num_ctx: 2048 } });
    expect(bodyOf({ model: 'm', kind: chat, numCtx: { min: 100 } })).not.toHaveProperty('options');
  });

  it('lets no other spelling of a field past it: Ollama reads names in any case, and the last one counts', () => {
    const extraJson = '{"Model":"other","STREAM":true,"Options":{},"Keep_Alive":"0","\u017ftream":true,"other":1}';
    const body = bodyOf({ model: 'm', kind: chat, dialect: 'ollama', extraJson }) as object;
    expect(Object.keys(body).filter((key) => key !== key.toLowerCase() || key.includes('\u017f'))).toEqual([]);
    expect(body).toMatchObject({ model: 'm', other: 1 });
  });

  it('keeps prompts whole unless the client said otherwise', () => {
    const extraJson = '{"truncate":true,"shift":null}';
    expect(bodyOf({ model: 'm', kind: chat, dialect: 'ollama', extraJson })).toMatchObject({
      truncate: true,
      shift: false,
    });
    expect(bodyOf({ model: 'm', kind: { case: 'completion', value: {} } })).toMatchObject({
      truncate: false,
      shift: false,
    });
    expect(bodyOf({ model: 'm', kind: { case: 'embed', value: {} } })).toEqual({ model: 'm', input: [] });
  });

  it('leaves out what is said in the words of another dialect', () => {
    const body = bodyOf({
      model: 'm',
      dialect: 'openai',
      extraJson: '{"truncate":true,"user":"u"}',
      kind: {
        case: 'chat',
        value: {
          messages: [{ role: 'user', extraJson: '{"name":"ann"}', toolCalls: [{ name: 'f', extraJson: '{"x":1}' }] }],
          tools: [{ name: 'f', extraJson: '{"strict":true}' }],
        },
      },
    });
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: '', tool_calls: [{ function: { index: 0, name: 'f', arguments: {} } }] }],
      tools: [{ type: 'function', function: { name: 'f' } }],
      stream: false,
      truncate: false,
      shift: false,
    });
  });

  it('offers no tools to a model that must use none', () => {
    const value = { tools: [{ name: 'f' }], toolChoiceJson: '"none"' };
    expect(bodyOf({ model: 'm', kind: { case: 'chat', value } })).not.toHaveProperty('tools');
  });

  it('refuses a call that asks for nothing', () => {
    expect(() => renderRequest(create(CallSchema, { model: 'm' }), { stream: true })).toThrow('asks for nothing');
  });
});
