import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBody, restarted, startExposedCluster, type ExposedCluster } from './exposed-cluster.ts';
import { stopAll } from './processes.ts';

let cluster: ExposedCluster;
let fake: FakeOllama;

const model = 'llama:1b';
const thinker = 'thinker:latest';
const tooled = 'tooled:latest';
const sighted = 'sighted:latest';

beforeAll(async () => {
  fake = await startFakeOllama({
    models: [
      model,
      { name: thinker, capabilities: ['completion', 'thinking'] },
      { name: tooled, capabilities: ['completion', 'tools'] },
      { name: sighted, capabilities: ['completion', 'vision'] },
    ],
    answer: (prompt) => `You said ${prompt}`,
  });
  cluster = await startExposedCluster();
  await cluster.join({ name: 'one', args: ['--backend', 'ollama', '--llama-base-url', fake.url] });
  await cluster.ready('one');
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

function clientOf(apiKey = cluster.adminKey): OpenAI {
  return new OpenAI({ baseURL: `${cluster.orchestrator.url}/v1`, apiKey, maxRetries: 0 });
}

/** What the backend was asked last. */
function asked(): Record<string, unknown> {
  return JSON.parse(fake.requests.findLast(({ path }) => path === '/api/chat')!.body) as Record<string, unknown>;
}

const getWeather = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'The weather of a city.',
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

describe('the official openai client', () => {
  it('gets a response', async () => {
    const response = await clientOf().responses.create({
      model,
      input: 'hello there',
      instructions: 'Be brief.',
      metadata: { trip: '7' },
    });
    expect(response.output_text).toBe('You said hello there');
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      model,
      store: true,
      instructions: 'Be brief.',
      metadata: { trip: '7' },
      usage: { input_tokens: expect.any(Number) as number, output_tokens: 4 },
    });
    expect(asked()['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello there' },
    ]);
  });

  it('puts a stream together to what is kept', async () => {
    const stream = clientOf().responses.stream({ model, input: 'hello there' });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    const response = await stream.finalResponse();
    expect(response.output_text).toBe('You said hello there');
    expect(types.slice(0, 5)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
    ]);
    expect(types.slice(-4)).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const kept = await clientOf().responses.retrieve(response.id);
    expect(kept.output_text).toBe(response.output_text);
    expect(kept.usage).toEqual(response.usage);
  });

  it('sees what the model thinks, as a summary or as it is', async () => {
    const own = clientOf().responses.stream({ model: thinker, input: 'why' });
    const [thought] = (await own.finalResponse()).output;
    expect(thought).toMatchObject({ type: 'reasoning', content: [{ text: 'Let me think.' }], summary: [] });
    const told = await clientOf().responses.create({ model: thinker, input: 'why', reasoning: { summary: 'auto' } });
    expect(told.output[0]).toMatchObject({ type: 'reasoning', summary: [{ text: 'Let me think.' }] });
    expect(told.output_text).toBe('You said why');
  });

  it('answers a call of a tool', async () => {
    const client = clientOf();
    const tools = [getWeather];
    const first = await client.responses.create({ model: tooled, input: 'call:get_weather', tools });
    const [call] = first.output;
    if (call?.type !== 'function_call') throw new Error(`no call, but ${call?.type}`);
    expect(JSON.parse(call.arguments)).toEqual({ city: 'Paris' });
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'rain' };
    const second = await client.responses.create({
      model: tooled,
      previous_response_id: first.id,
      input: [output],
      tools,
    });
    expect(second.output_text).toBe('You said rain');
    expect(asked()['messages']).toMatchObject([
      { role: 'user', content: 'call:get_weather' },
      { role: 'assistant', tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }] },
      { role: 'tool', content: 'rain', tool_name: 'get_weather' },
    ]);
    const streamed = await client.responses.stream({ model: tooled, input: 'call:get_weather', tools }).finalResponse();
    expect(streamed.output).toMatchObject([{ type: 'function_call', name: 'get_weather', status: 'completed' }]);
  });

  it('gets JSON of a schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { enum: ['Paris'] } },
      required: ['city'],
      additionalProperties: false,
    };
    const response = await clientOf().responses.parse({
      model,
      input: 'where',
      text: { format: { type: 'json_schema', name: 'place', strict: true, schema } },
    });
    expect(response.output_parsed).toEqual({ city: 'Paris' });
  });

  it('is told that an answer was cut off', async () => {
    const stream = clientOf().responses.stream({ model, input: 'a b c d e f', max_output_tokens: 2 });
    const response = await stream.finalResponse();
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
  });

  it('sends a picture and goes on from items by their ids', async () => {
    const client = clientOf();
    const image = `data:image/png;base64,${Buffer.from('png').toString('base64')}`;
    const content = [
      { type: 'input_text' as const, text: 'what is it' },
      { type: 'input_image' as const, detail: 'auto' as const, image_url: image },
    ];
    const first = await client.responses.create({ model: sighted, input: [{ role: 'user', content }] });
    const items = await client.responses.inputItems.list(first.id);
    expect(items.data).toMatchObject([{ type: 'message', role: 'user', content }]);
    const references = [...items.data, ...first.output].map(({ id }) => ({ type: 'item_reference' as const, id: id! }));
    await client.responses.create({ model: sighted, input: [...references, { role: 'user', content: 'and now' }] });
    expect(asked()['messages']).toEqual([
      { role: 'user', content: 'what is it', images: [Buffer.from('png').toString('base64')] },
      { role: 'assistant', content: 'You said what is it' },
      { role: 'user', content: 'and now' },
    ]);
  });

  it('keeps nothing if it is told so, and forgets what is deleted', async () => {
    const client = clientOf();
    const unkept = await client.responses.create({ model, input: 'hi', store: false });
    await expect(client.responses.retrieve(unkept.id)).rejects.toMatchObject({ status: 404 });
    const { id } = await client.responses.create({ model, input: 'hi' });
    await client.responses.delete(id);
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.responses.create({ model, input: 'on', previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      param: 'previous_response_id',
    });
  });

  it('cannot see the responses of another key', async () => {
    const { secret } = await cluster.json<{ secret: string }>('/api/keys', jsonBody({ name: 'phone', role: 'user' }));
    const { id, output } = await clientOf().responses.create({ model, input: 'mine' });
    const other = clientOf(secret);
    await expect(other.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.create({ model, input: 'x', previous_response_id: id })).rejects.toMatchObject({
      status: 400,
    });
    const reference = { type: 'item_reference' as const, id: output[0]!.id! };
    await expect(other.responses.create({ model, input: [reference] })).rejects.toMatchObject({ status: 400 });
    expect((await clientOf().responses.retrieve(id)).id).toBe(id);
  });

  it.each([
    [{ model: 'nope', input: 'x' }, OpenAI.NotFoundError, 'model', 'model_not_found'],
    [{ model, input: 'x', background: true }, OpenAI.BadRequestError, 'background', 'invalid_value'],
    [{ model, input: 'x', tools: [{ type: 'web_search' }] }, OpenAI.BadRequestError, 'tools[0].type', 'invalid_value'],
    [{ model, input: 'x', nonsense: 1 }, OpenAI.BadRequestError, 'nonsense', 'invalid_value'],
  ])('gets typed errors: %j', async (body, type, param, code) => {
    const refused = clientOf().responses.create(body as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    await expect(refused).rejects.toBeInstanceOf(type);
    await expect(refused).rejects.toMatchObject({ param, code });
  });

  it('goes on with a conversation after the orchestrator was killed', async () => {
    const first = await clientOf().responses.create({ model, input: 'my name is Ann', instructions: 'Old.' });
    cluster = await restarted(cluster);
    await cluster.ready('one');
    const second = await clientOf().responses.create({
      model,
      input: 'who am I',
      previous_response_id: first.id,
      instructions: 'New.',
    });
    expect(second.previous_response_id).toBe(first.id);
    expect(asked()['messages']).toEqual([
      { role: 'system', content: 'New.' },
      { role: 'user', content: 'my name is Ann' },
      { role: 'assistant', content: 'You said my name is Ann' },
      { role: 'user', content: 'who am I' },
    ]);
    const items = await clientOf().responses.inputItems.list(second.id, { order: 'asc', limit: 2 });
    expect(items.data).toHaveLength(2);
    expect(items.hasNextPage()).toBe(true);
  });
});
