import type { Call } from '@tutti/core';

/** As many characters as a picture takes time. */
const mediaCharacters = 4_000;

/** The length of what a call gives a model to read, for guessing how long that takes. */
export function promptCharacters({ kind }: Call): number {
  switch (kind.case) {
    case 'chat': {
      const parts = kind.value.messages.flatMap((message) => message.parts);
      const schemas = kind.value.tools.map((tool) => tool.parametersJson.length + tool.description.length);
      return sum([
        ...schemas,
        ...parts.map((part) => (part.kind.case === 'text' ? part.kind.value.length : mediaCharacters)),
      ]);
    }
    case 'completion':
      return kind.value.prompt.length + kind.value.context.length * 4 + kind.value.images.length * mediaCharacters;
    case 'embed':
      return sum(kind.value.inputs.map((input) => input.length));
    default:
      return 0;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
