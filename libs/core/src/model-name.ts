/** A model's name with its tag: "llama3.2" stands for "llama3.2:latest". */
export function canonicalModel(name: string): string {
  const tagged = name.lastIndexOf(':') > name.lastIndexOf('/');
  return tagged ? name : `${name}:latest`;
}
