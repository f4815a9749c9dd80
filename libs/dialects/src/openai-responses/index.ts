export { joinDeltas } from '../answer.ts';
export { responseId, responseOfItem } from './ids.ts';
export { idOfItem, inputItems, keptItem, referencesIn } from './kept-items.ts';
export { parseResponseRequest, withConversation, type ResponseRequest } from './parse.ts';
export { renderDeleted, renderInputItems } from './render-kept.ts';
export { responseStream, type ResponseStream } from './response-stream.ts';
export type { ResponseFacts } from './response-text.ts';
