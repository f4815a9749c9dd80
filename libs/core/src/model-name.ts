/** Where Ollama finds models if a name does not say: it leaves this out of the names that it lists. */
const usualPlace = /^(?:registry\.ollama\.ai\/)?(?:library\/)?/;

/** A model's short name with its tag: "llama3.2" and "library/llama3.2" stand for "llama3.2:latest". */
export function canonicalModel(asked: string): string {
  const name = asked.replace(usualPlace, '');
  const tagged = name.lastIndexOf(':') > name.lastIndexOf('/');
  return tagged ? name : `${name}:latest`;
}
