import type { Output } from '../output/output.ts';
import { createProgressLine } from '../output/progress-line.ts';
import type { ChildMessages } from './child.ts';

/** Tells a person what a child process says. */
export function narrate(output: Output): Required<ChildMessages> {
  const line = createProgressLine();
  const say = (sentence: string): void => {
    line.close();
    output.note(sentence);
  };
  return {
    notice: say,
    step: (sentence) => say(`  ok  ${sentence}`),
    progress: ({ model, source, receivedBytes, totalBytes }) =>
      line.show(`Fetching ${model} from ${source}`, receivedBytes, totalBytes),
  };
}
