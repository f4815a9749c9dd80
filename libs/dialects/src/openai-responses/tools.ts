import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asBoolean, asFields, asObjectText, asString, invalid, kindOf, type Value } from '../json/fields.ts';
import { asToolChoiceWord } from '../openai/tools.ts';
import { functionChoice } from '../tool-choice/function-choice.ts';

type ToolInit = MessageInitShape<typeof ToolSchema> & { readonly name: string };

/** An element of `tools`. Those that OpenAI runs itself do not exist here. */
export function asFunctionTool(value: Value): ToolInit {
  const fields = asFields(value);
  expectFunction(fields.need('type', asString), value.path);
  const strict = fields.take('strict', asBoolean);
  return {
    name: fields.need('name', asString),
    description: fields.take('description', asString) ?? '',
    parametersJson: fields.take('parameters', asObjectText) ?? '',
    extraJson: strict === undefined ? '' : `{"strict":${strict}}`,
  };
}

/** What the model may call. */
export interface Offer {
  readonly tools: ToolInit[];
  /** In the words of chat completions. Empty: the model decides. */
  readonly toolChoiceJson: string;
}

/** `tool_choice`. Of tools of which only some are allowed, only those are shown to the model. */
export function chosenTools(value: Value, tools: ToolInit[]): Offer {
  if (kindOf(value.raw) === 'string') {
    const toolChoiceJson = asToolChoiceWord(value);
    if (toolChoiceJson !== '"required"' || tools.length > 0) return { tools, toolChoiceJson };
    throw invalid(value.path, `field "${value.path}" is "required", but there are no tools`);
  }
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'function') {
    const name = fields.need('name', (choice) => asKnownName(choice, tools));
    return { tools, toolChoiceJson: functionChoice(name) };
  }
  if (type === 'allowed_tools') {
    const allowed = new Set(fields.need('tools', arrayOf(asAllowed(tools))));
    const toolChoiceJson = fields.take('mode', asToolChoiceWord) ?? '';
    return { tools: tools.filter(({ name }) => allowed.has(name)), toolChoiceJson };
  }
  throw invalid(
    `${value.path}.type`,
    `field "${value.path}.type" must be "function" or "allowed_tools", got ${JSON.stringify(type)}`,
  );
}

function asAllowed(tools: readonly ToolInit[]): (value: Value) => string {
  return (value) => {
    const fields = asFields(value);
    expectFunction(fields.need('type', asString), value.path);
    return fields.need('name', (name) => asKnownName(name, tools));
  };
}

function asKnownName(value: Value, tools: readonly ToolInit[]): string {
  const name = asString(value);
  if (tools.some((tool) => tool.name === name)) return name;
  throw invalid(value.path, `field "${value.path}": there is no tool ${JSON.stringify(name)} in "tools"`);
}

function expectFunction(type: string, path: string): void {
  if (type === 'function') return;
  throw invalid(
    `${path}.type`,
    `tools of type ${JSON.stringify(type)} are not supported; define a tool of type "function" and run it yourself`,
  );
}
