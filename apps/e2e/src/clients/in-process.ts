import { capabilities, type Capability, type Client, type Finding, type Target } from './client.ts';

/** What a library does for each capability; one that is missing is one that the client lacks. */
export type Steps = Partial<Record<Capability, (target: Target) => Promise<Finding>>>;

/** A client whose library runs in this process. */
export function inProcess(facts: Omit<Client, 'run'>, steps: Steps): Client {
  return {
    ...facts,
    async *run(target) {
      for (const capability of capabilities) {
        const step = steps[capability];
        if (!step || (capability === 'tool' && !target.models.tool)) continue;
        try {
          yield { capability, found: await step(target) };
        } catch (error) {
          yield { capability, failed: String(error) };
        }
      }
    },
  };
}

/** The error that a call ends with, as the library types it. */
export async function errorOf(call: Promise<unknown>): Promise<Finding> {
  try {
    await call;
  } catch (thrown) {
    const { constructor, message } = thrown as Error;
    const { status, status_code, statusCode } = thrown as Record<string, number | undefined>;
    return { error: { type: constructor.name, status: status ?? status_code ?? statusCode ?? null, message } };
  }
  throw new Error('There was no error.');
}

/** Joins the words of a stream. */
export async function joined(stream: AsyncIterable<unknown>, textOf: (piece: never) => string): Promise<Finding> {
  const answers: unknown[] = [];
  let text = '';
  for await (const piece of stream) {
    answers.push(piece);
    text += textOf(piece as never);
  }
  return { text, pieces: answers.length, answer: answers };
}

/** Leaves a stream after its first words. */
export async function left(stream: AsyncIterable<unknown>, leave: () => void): Promise<Finding> {
  for await (const _ of stream) {
    leave();
    break;
  }
  return {};
}
