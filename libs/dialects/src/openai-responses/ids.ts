/** `resp_` and 32 hex digits, which the ids of its items repeat: an item leads to its response. */
export type ResponseId = `resp_${string}`;

const prefixes: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
};

export function responseId(hex: string): ResponseId {
  return `resp_${hex}`;
}

/** The id of an item that a response has put out; `index` counts them. */
export function outputItemId(type: string, response: string, index: number): string {
  return `${prefixes[type] ?? 'item'}_${hexOf(response)}_${index}`;
}

/** The id of an item that a response was asked with. */
export function inputItemId(type: string, response: string, index: number): string {
  return `${prefixes[type] ?? 'item'}_${hexOf(response)}_in${index}`;
}

/** The response that an item belongs to. Undefined: the id was not made here. */
export function responseOfItem(item: string): ResponseId | undefined {
  const hex = /^[a-z]+_([0-9a-f]{32})_(?:in)?\d+$/.exec(item)?.[1];
  return hex === undefined ? undefined : responseId(hex);
}

function hexOf(response: string): string {
  return response.slice('resp_'.length);
}
