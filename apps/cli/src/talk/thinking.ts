import { styleText } from 'node:util';

/** Shows a person what a model thinks before it answers, on stderr; a program gets it with the answer. */
export function createThinkingView({ stderr } = process) {
  let open = false;
  return {
    show(text: string): void {
      if (!stderr.isTTY) return;
      open = true;
      stderr.write(styleText('dim', text, { stream: stderr }));
    },
    /** The answer begins. */
    end(): void {
      if (open) stderr.write('\n\n');
      open = false;
    },
  };
}
