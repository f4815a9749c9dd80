import { openSuffixLength } from './stop-texts.ts';

/** The texts between which a model reasons before it answers. */
export interface ThoughtTags {
  readonly open: string;
  readonly close: string;
  /** Whether the prompt has opened the reasoning already. */
  readonly startsOpen: boolean;
}

/** A piece of what a model says: reasoning, and words for the reader. */
export interface Said {
  readonly thinking: string;
  readonly text: string;
}

/** Tells reasoning from answer in a stream of text. */
export interface Thought {
  push(piece: string): Said;
  /** What was held back because it could have been the beginning of a tag. */
  rest(): Said;
}

/**
 * Reasoning is what stands between the tags at the very beginning; the white space around it is dropped. Without tags
 * all is answer.
 */
export function thought(tags: ThoughtTags | undefined): Thought {
  if (tags === undefined) return { push: (text) => ({ thinking: '', text }), rest: () => ({ thinking: '', text: '' }) };
  const { open, close } = tags;
  let state: 'before' | 'inside' | 'after' = tags.startsOpen ? 'inside' : 'before';
  let held = '';
  let atStart = true;

  /** Takes the first `length` characters of what is held, less white space at the start of a part. */
  function take(length: number): string {
    const taken = atStart ? held.slice(0, length).trimStart() : held.slice(0, length);
    held = held.slice(length);
    if (taken !== '') atStart = false;
    return taken;
  }

  function enter(next: 'inside' | 'after', tagLength: number): void {
    state = next;
    held = held.slice(tagLength);
    atStart = true;
  }

  function findOpen(): void {
    held = held.trimStart();
    if (held.startsWith(open)) enter('inside', open.length);
    else if (!open.startsWith(held)) enter('after', 0);
  }

  function readThinking(): string {
    const at = held.indexOf(close);
    const end = at < 0 ? held.length - openSuffixLength(held, close) : at;
    const thinking = take(held.slice(0, end).trimEnd().length);
    if (at >= 0) enter('after', held.indexOf(close) + close.length);
    return thinking;
  }

  function push(piece: string): Said {
    held += piece;
    if (state === 'before') findOpen();
    const thinking = state === 'inside' ? readThinking() : '';
    const text = state === 'after' ? take(held.length) : '';
    return { thinking, text };
  }

  function rest(): Said {
    const left = take(held.length);
    return state === 'inside' ? { thinking: left.trimEnd(), text: '' } : { thinking: '', text: left };
  }

  return { push, rest };
}
