import { fetchMiniLm } from './minilm.ts';
import { fetchSmolLM2 } from './smollm2.ts';

/** A model as `ollama create` makes it. */
export interface Recipe {
  readonly name: string;
  /** What it is made from: a path, or the name of a model made before it. */
  readonly from: () => string | Promise<string>;
  readonly template?: string;
}

export const chatModel = 'smollm2:135m';
export const embedModel = 'all-minilm:latest';
/** The chat model with a template that knows tools: it has the capability, and calls one when `format` forces it to. */
export const toolsModel = 'smollm2-tools:latest';
/** The chat model with a template that opens a thought: all that it says is thinking. */
export const thinkingModel = 'smollm2-thinking:latest';

const toolsTemplate = `{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}<|im_end|>
{{ end }}{{ if .Tools }}{{ .Tools }}{{ end }}<|im_start|>assistant
`;

const thinkingTemplate = `{{- range .Messages }}<|im_start|>{{ .Role }}
{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
{{ if and .IsThinkSet .Think }}<think>
{{ end }}`;

export const recipes: readonly Recipe[] = [
  { name: chatModel, from: fetchSmolLM2 },
  { name: embedModel, from: fetchMiniLm },
  { name: toolsModel, from: () => chatModel, template: toolsTemplate },
  { name: thinkingModel, from: () => chatModel, template: thinkingTemplate },
];

/** One thread: two of them on two busy cores are ten times slower than one. */
export async function modelfile({ from, template }: Recipe): Promise<string> {
  const lines = [`FROM ${await from()}`, 'PARAMETER num_thread 1'];
  if (template !== undefined) lines.push(`TEMPLATE """${template}"""`);
  return `${lines.join('\n')}\n`;
}
