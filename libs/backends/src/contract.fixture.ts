import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callWith, chatCall, collect, contextWith } from './calls.fixture.ts';
import type { Backend } from './backend.ts';

/** A backend under test. */
interface Subject {
  readonly backend: Backend;
  /** A model that can chat. */
  readonly model: string;
  /** A model that can embed. */
  readonly embedder: string;
}

interface Contract {
  /** Undefined: it cannot be had on this machine. */
  readonly open: () => Promise<Subject | undefined>;
  /** What this backend does not promise, and why. */
  readonly without?: Readonly<Record<string, string>>;
}

/** What every backend promises. Each implementation runs this, and says why it leaves something out. */
export function backendContract(name: string, { open, without = {} }: Contract): void {
  describe(`backend contract: ${name}`, () => {
    let subject: Subject | undefined;

    beforeAll(async () => {
      subject = await open();
    });

    afterAll(() => subject?.backend.close());

    const promise = (title: string, check: (subject: Subject) => Promise<void>): void => {
      const reason = without[title];
      it(reason === undefined ? title : `${title} (left out: ${reason})`, async (context) => {
        if (reason !== undefined || !subject) return context.skip(reason ?? 'its model cannot be had here');
        await check(subject);
      });
    };

    const greet = ({ model }: Subject, changes = {}) =>
      chatCall(model, 'Say hello, please.', { numPredict: 16, ...changes });

    promise('lists its models', async ({ backend, model }) => {
      const inventory = await backend.inventory(new AbortController().signal);
      expect(inventory.models.map((listed) => listed.name)).toContain(model);
      expect(inventory.backend.kind).toBe(name);
    });

    promise('answers a chat with deltas and one done, which is last', async (subject) => {
      const { kinds, text, done, error } = await collect(subject.backend.generate(greet(subject), contextWith()));
      expect(error).toBeUndefined();
      expect(text).not.toBe('');
      expect(kinds.filter((kind) => kind === 'done')).toHaveLength(1);
      expect(kinds.at(-1)).toBe('done');
      expect(done?.usage?.promptTokens).toBeGreaterThan(0);
      expect(done?.usage?.outputTokens).toBeGreaterThan(0);
    });

    promise('ends with "length" at the limit', async (subject) => {
      const { done } = await collect(subject.backend.generate(greet(subject, { numPredict: 3 }), contextWith()));
      expect(done?.reason).toBe('length');
      expect(done?.usage?.outputTokens).toBe(3);
    });

    promise('continues a text', async ({ backend, model }) => {
      const call = callWith({
        model,
        numPredict: 4,
        kind: { case: 'completion', value: { prompt: 'One, two,', raw: true } },
      });
      const { text, done } = await collect(backend.generate(call, contextWith()));
      expect(text).not.toBe('');
      expect(done?.reason).toMatch(/^(stop|length)$/);
    });

    promise('takes an empty chat, or an empty text, as a wish to load the model', async ({ backend, model }) => {
      const text = callWith({ model, kind: { case: 'completion', value: {} } });
      for (const call of [chatCall(model, ''), text]) {
        const { kinds, done } = await collect(backend.generate(call, contextWith()));
        expect(kinds).not.toContain('delta');
        expect(done?.reason).toBe('load');
      }
    });

    promise('takes an empty chat that keeps nothing alive as a wish to unload it', async ({ backend, model }) => {
      const { done } = await collect(backend.generate(chatCall(model, '', { keepAliveMs: 0 }), contextWith()));
      expect(done?.reason).toBe('unload');
    });

    promise('gives the same answer to the same seed', async (subject) => {
      const call = greet(subject, { optionsJson: '{"temperature":0,"seed":7}' });
      const answers = [
        await collect(subject.backend.generate(call, contextWith())),
        await collect(subject.backend.generate(call, contextWith())),
      ];
      expect(answers[0]!.text).toBe(answers[1]!.text);
    });

    promise('keeps to a JSON schema', async (subject) => {
      const schema = { type: 'object', properties: { name: { type: 'string', maxLength: 8 } }, required: ['name'] };
      const format = { kind: { case: 'schemaJson' as const, value: JSON.stringify(schema) } };
      const { text } = await collect(
        subject.backend.generate(greet(subject, { format, numPredict: 64 }), contextWith()),
      );
      expect(JSON.parse(text)).toEqual({ name: expect.any(String) as string });
    });

    promise('makes one unit vector for each text', async ({ backend, embedder }) => {
      const call = callWith({
        model: embedder,
        kind: { case: 'embed', value: { inputs: ['a cat', 'a dog', 'a car'] } },
      });
      const { vectors, done } = await collect(backend.generate(call, contextWith()));
      expect(vectors).toHaveLength(3);
      for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
      expect(new Set(vectors.map((vector) => vector.length)).size).toBe(1);
      expect(done?.usage?.promptTokens).toBeGreaterThan(0);
    });

    promise('makes a vector as the model does, if that is wanted', async ({ backend, embedder }) => {
      const embed = async (raw: boolean): Promise<number[]> => {
        const call = callWith({ model: embedder, kind: { case: 'embed', value: { inputs: ['a cat'], raw } } });
        const { vectors, error } = await collect(backend.generate(call, contextWith()));
        expect(error).toBeUndefined();
        return vectors[0]!;
      };
      const [unit, raw] = [await embed(false), await embed(true)];
      const length = Math.hypot(...raw);
      expect(Math.abs(length - 1)).toBeGreaterThan(0.01);
      raw.forEach((value, index) => expect(value / length).toBeCloseTo(unit[index]!, 3));
    });

    promise('knows a model that it has not got', async ({ backend }) => {
      const { error } = await collect(backend.generate(chatCall('nope:1b', 'hi'), contextWith()));
      expect(error).toMatchObject({ reason: 'model_not_found' });
    });

    promise('starts nothing for a call that is aborted already', async (subject) => {
      const { kinds, error } = await collect(
        subject.backend.generate(greet(subject), contextWith(AbortSignal.abort())),
      );
      expect(error).toMatchObject({ reason: 'client_closed' });
      expect(kinds).toEqual([]);
    });

    promise('stops in the middle of an answer, and the next call is right', async (subject) => {
      const controller = new AbortController();
      const call = greet(subject, { numPredict: 200 });
      const { error, done } = await collect(
        subject.backend.generate(call, contextWith(controller.signal)),
        ({ kind }) => {
          if (kind.case === 'delta') controller.abort();
        },
      );
      expect(error).toMatchObject({ reason: 'client_closed' });
      expect(done).toBeUndefined();
      const next = await collect(subject.backend.generate(greet(subject), contextWith()));
      expect(next.done?.reason).toMatch(/^(stop|length)$/);
    });

    promise('answers two calls at once, each rightly', async (subject) => {
      const call = greet(subject, { optionsJson: '{"temperature":0}' });
      const alone = await collect(subject.backend.generate(call, contextWith()));
      const both = await Promise.all([1, 2].map(() => collect(subject.backend.generate(call, contextWith()))));
      expect(both.map(({ text }) => text)).toEqual([alone.text, alone.text]);
    });
  });
}
