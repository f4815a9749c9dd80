export { withToolChoice } from './with-tool-choice.ts';
