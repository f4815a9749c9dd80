/** A prompt that names its call, so that every token of its answer does too. */
export function numberedPrompt(call: number): string {
  return `call ${call}`;
}

/** "17:0 17:1 17:2 ...": what is lost, doubled or another call's is seen. */
export function* numberedAnswer(prompt: string, tokens: number): Generator<string> {
  const call = /\d+$/.exec(prompt)?.[0] ?? 'unnamed';
  for (let token = 0; token < tokens; token++) yield `${call}:${token} `;
}

/** The whole answer to a call. */
export function wholeAnswer(call: number, tokens: number): string {
  return [...numberedAnswer(numberedPrompt(call), tokens)].join('');
}
