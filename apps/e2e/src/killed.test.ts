import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { nodesReady, startAgent, startOrchestrator } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

describe('an agent that is killed', () => {
  it('before the first token: the client notices nothing', async () => {
    rig = await startRig({ firstTokenDelayMs: 1_500, answer: () => 'the whole answer' });
    const response = rig.ollama.chat({ model, messages, stream: true });
    const busy = await rig.busyIndex();
    rig.agents[busy]!.kill('SIGKILL');
    let text = '';
    for await (const part of await response) text += part.message.content;
    expect(text).toBe('the whole answer');
  });

  it('before the first token: the headers tell that it took two attempts', async () => {
    rig = await startRig({ firstTokenDelayMs: 1_500, answer: () => 'the whole answer' });
    const response = rig.post('/api/chat', { model, messages });
    const busy = await rig.busyIndex();
    rig.agents[busy]!.kill('SIGKILL');
    const { headers } = await response;
    expect(headers.get('x-tutti-attempts')).toBe('2');
    expect(headers.get('x-tutti-node')).toBe(`node${1 - busy}`);
  });

  it('in the middle of an answer: an explicit error in the words of Ollama', async () => {
    rig = await startRig({ tokenDelayMs: 20 });
    let text = '';
    const reading = (async () => {
      for await (const part of await rig.ollama.chat({ model, messages, stream: true })) {
        text += part.message.content;
        if (text.length < 20) continue;
        rig.agents[rig.fakes.findIndex((fake) => fake.live > 0)]?.kill('SIGKILL');
      }
    })();
    await expect(reading).rejects.toThrow(/node|connection|answer/i);
    expect(text).not.toBe('');
  });

  it('in the middle of an answer: an explicit error in the words of OpenAI', async () => {
    rig = await startRig({ tokenDelayMs: 20 });
    let text = '';
    const reading = (async () => {
      for await (const chunk of await rig.openai.chat.completions.create({ model, messages, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text.length < 20) continue;
        rig.agents[rig.fakes.findIndex((fake) => fake.live > 0)]?.kill('SIGKILL');
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(text).not.toBe('');
  });

  it('gets no new calls, and serves again after a restart', async () => {
    rig = await startRig();
    rig.agents[0]!.kill('SIGKILL');
    await nodesReady(rig.orchestrator, 1);
    for (let i = 0; i < 4; i++) await rig.ollama.chat({ model, messages });
    expect(rig.fakes[0]!.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(0);
    await startAgent({ name: 'node0', orchestrators: [rig.orchestrator], ollamaUrl: rig.fakes[0]!.url });
    await nodesReady(rig.orchestrator, 2);
  });
});

it('an agent that hangs is out within the ping time, and its calls move', async () => {
  rig = await startRig({ firstTokenDelayMs: 600, answer: () => 'the whole answer' });
  const response = rig.ollama.chat({ model, messages });
  const busy = await rig.busyIndex();
  const stoppedAt = performance.now();
  rig.agents[busy]!.kill('SIGSTOP');
  expect((await response).message.content).toBe('the whole answer');
  // 1 s between pings, 0.5 s for the answer, 0.6 s for the other node's first token; a factor of 5 for a busy machine.
  expect(performance.now() - stoppedAt).toBeLessThan(2_100 * 5);
  rig.agents[busy]!.kill('SIGCONT');
  await nodesReady(rig.orchestrator, 2);
}, 40_000);

it('an orchestrator that restarts finds its agents again', async () => {
  rig = await startRig();
  const { port, grpcPort } = rig.orchestrator.facts;
  rig.orchestrator.kill('SIGKILL');
  await rig.orchestrator.exited;
  const again = await startOrchestrator(['--port', String(port), '--grpc-port', String(grpcPort)]);
  await nodesReady(again, 2);
  expect((await rig.ollama.chat({ model, messages })).done).toBe(true);
});
