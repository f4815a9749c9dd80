/** The answer for people in what a run has ended with; undefined: there is none. */
export function resultText(result: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof result?.text === 'string' ? result.text : undefined;
}
