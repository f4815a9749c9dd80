import type { Note, RunEvent } from '@tutti/core/patterns';

/** What the members of a run say, as one text for people. */
export interface Voices {
  hear(event: RunEvent): void;
  /** Tells what waits, and nothing after that. */
  close(): void;
}

interface Voice {
  /** What has not been told yet. */
  text: string;
  over: boolean;
}

interface Statement {
  readonly model: string;
  readonly content: string;
}

/**
 * Members speak at the same time, and people read one after the other: the first who speaks is told as it speaks, the
 * others wait until it has ended. Each is named once.
 */
export function createVoices(tell: (text: string) => void): Voices {
  const heads = new Map<string, string>();
  /** In the order of their first words. */
  const row = new Map<string, Voice>();
  let voices = 0;
  let closed = false;

  const speak = (): void => {
    for (const [step, voice] of row) {
      if (voice.text !== '') tell(voice.text);
      voice.text = '';
      if (!voice.over) return;
      row.delete(step);
    }
  };

  const add = (step: string, head: string, text: string): void => {
    const voice = row.get(step) ?? { text: `${voices++ === 0 ? '' : '\n\n'}[${head}] `, over: false };
    voice.text += text;
    row.set(step, voice);
  };

  const end = (step: string): void => {
    const voice = row.get(step);
    if (voice) voice.over = true;
  };

  return {
    hear(event) {
      if (closed) return;
      if (event.type === 'asked') heads.set(event.step, `${event.label.role} ${event.model ?? ''}`.trimEnd());
      else if (event.type === 'said' && event.voice === 'thinking') {
        add(event.step, heads.get(event.step) ?? 'member', event.text);
      } else if (event.type === 'answered' || event.type === 'failed' || event.type === 'dropped') end(event.step);
      else if (event.type === 'noted') {
        for (const [index, { head, text }] of statementsOf(event.note).entries()) {
          const step = `noted ${head} ${index}`;
          add(step, head, text);
          end(step);
        }
      } else return;
      speak();
    },
    close() {
      for (const voice of row.values()) voice.over = true;
      speak();
      closed = true;
    },
  };
}

/** Members who answer in a form that is not for people: what they say stands in the note of the vote. */
function statementsOf({ kind, round, statements }: Note): { readonly head: string; readonly text: string }[] {
  if (kind !== 'vote' || !Array.isArray(statements)) return [];
  return (statements as readonly Statement[]).map(({ model, content }) => ({
    head: `member ${model}, round ${round as number}`,
    text: content,
  }));
}
