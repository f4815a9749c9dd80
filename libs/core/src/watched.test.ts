import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith, sayHello } from './calls.fixture.ts';
import { delta } from './chunk.ts';
import { ClusterError } from './error.ts';
import type { Generate } from './generate.ts';
import { watched } from './watched.ts';

/** A watcher's notes: the chunks that it saw, then "ok" or the reason of the end. */
function startNotes() {
  const notes: string[] = [];
  const watch = () => ({
    see: ({ kind }: { kind: { case?: string | undefined } }) => notes.push(kind.case!),
    end: (error?: ClusterError) => notes.push(error?.reason ?? 'ok'),
  });
  return { notes, watch };
}

const failing: Generate = async function* () {
  yield delta({ text: 'he' });
  throw new ClusterError('upstream_error', 'broken');
};

describe('a watcher', () => {
  it('sees each chunk of an answer, and then its end', async () => {
    const { notes, watch } = startNotes();
    expect(await collect(watched(watch, sayHello)(callFor('m'), contextWith()))).toEqual({
      kinds: ['delta', 'done'],
      text: 'hello',
    });
    expect(notes).toEqual(['delta', 'done', 'ok']);
  });

  it('hears why an answer failed, and so does the reader', async () => {
    const { notes, watch } = startNotes();
    const { error } = await collect(watched(watch, failing)(callFor('m'), contextWith()));
    expect(error).toMatchObject({ reason: 'upstream_error' });
    expect(notes).toEqual(['delta', 'upstream_error']);
  });

  it('hears that the reader has left', async () => {
    const { notes, watch } = startNotes();
    for await (const _ of watched(watch, sayHello)(callFor('m'), contextWith())) break;
    expect(notes).toEqual(['delta', 'client_closed']);
  });

  it('hears of a deadline as such, not as a reader that left', async () => {
    const { notes, watch } = startNotes();
    const deadline = new AbortController();
    for await (const _ of watched(watch, sayHello)(callFor('m'), contextWith({ signal: deadline.signal }))) {
      deadline.abort(new ClusterError('deadline_exceeded', 'too long'));
      break;
    }
    expect(notes).toEqual(['delta', 'deadline_exceeded']);
  });

  it('counts an answer as complete once its last chunk was there', async () => {
    const { notes, watch } = startNotes();
    for await (const { kind } of watched(watch, sayHello)(callFor('m'), contextWith())) if (kind.case === 'done') break;
    expect(notes).toEqual(['delta', 'done', 'ok']);
  });
});
