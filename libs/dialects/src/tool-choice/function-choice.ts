/** `Call.toolChoiceJson` for the one function that must be called. */
export function functionChoice(name: string): string {
  return `{"type":"function","function":{"name":${JSON.stringify(name)}}}`;
}
