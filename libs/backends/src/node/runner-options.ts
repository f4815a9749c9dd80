import { members, objectText } from '@tutti/dialects/json';

/** The options of a call with those of a runner in them, as `runnerOptionsOf` gives them. */
export function withRunnerOptions(optionsJson: string, runnerOptions: string): string {
  if (runnerOptions === '') return optionsJson;
  return objectText(new Map([...(optionsJson === '' ? [] : members(optionsJson)), ...members(runnerOptions)]));
}
