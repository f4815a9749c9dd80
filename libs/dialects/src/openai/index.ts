export type { Extra } from '../answer.ts';
export type { AnswerFacts } from './answer-text.ts';
export { errorBody, errorEvent } from './errors.ts';
export { renderModel, renderModels, type ListedModel } from './models.ts';
export { parseChatCompletion, type ChatCompletionRequest } from './parse.ts';
export { renderChatCompletion } from './render.ts';
export { chatCompletionStream, type CompletionStream, type StreamFacts } from './render-stream.ts';
