/** The header that pins a request to a node, if one is named. */
export function onNode(node: string | undefined): Record<string, string> {
  return node === undefined ? {} : { 'x-tutti-node': node };
}
