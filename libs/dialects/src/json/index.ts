export { folded } from './folded.ts';
export { parseJson } from './parse.ts';
export { elements, members, type Member } from './spans.ts';
export { arrayText, objectText } from './text.ts';
