import type { Call, Chunk } from '../generate.ts';

/** Judges an answer by what can be checked, chunk by chunk. */
export interface Judge {
  see(chunk: Chunk): void;
  /** 1: as it should be; 0: empty, cut off, or not the JSON that was asked for. Undefined: it has not ended. */
  readonly reward: 0 | 1 | undefined;
}

export function createJudge({ format }: Call): Judge {
  const pieces: string[] = [];
  let said = false;
  let ended: string | undefined;
  return {
    see({ kind }) {
      if (kind.case === 'done') ended = kind.value.reason;
      if (kind.case !== 'delta') return;
      const { text, toolCalls } = kind.value;
      said ||= text.trim() !== '' || toolCalls.length > 0;
      if (format) pieces.push(text);
    },
    get reward() {
      if (ended === undefined) return undefined;
      if (ended !== 'stop' || !said) return 0;
      return format && !isJson(pieces.join('')) ? 0 : 1;
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
