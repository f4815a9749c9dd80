import type { NewLogRecord } from '@tutti/core';

/**
 * What a terminal or an editor would obey or hide instead of show: DEL and C1 controls, marks that turn the direction of
 * text, line separators, characters without width. JSON itself escapes the other controls.
 */
const treacherous = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A record as one line of JSON that is safe to print. */
export function lineOf({ time, level, service, node, requestId, message, fields }: NewLogRecord): string {
  const head = {
    time: new Date(time).toISOString(),
    level,
    service,
    ...(node && { node }),
    ...(requestId && { requestId }),
    message,
  };
  // Whatever a field is called: it never hides what the line itself says.
  return JSON.stringify({ ...head, ...fields, ...head }).replaceAll(treacherous, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
