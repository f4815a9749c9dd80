import type { Clock } from '@tutti/core';
import type { Tool, ToolPolicy, Tools } from '@tutti/core/patterns';
import { calculator } from './calculator.ts';
import { currentTime } from './current-time.ts';
import type { DefinedTool } from './define-tool.ts';
import { fetchUrl } from './fetch-url.ts';

/** How tools may be used, as the server's owner wants it. */
export interface ToolRules {
  readonly calculator: ToolPolicy;
  readonly currentTime: ToolPolicy;
  readonly fetchUrl: ToolPolicy;
  /** How long a person has to allow a use. */
  readonly askMs: number;
}

interface Options {
  readonly clock: Clock;
  /** Beginnings of URLs that `fetch_url` may fetch; none: it fetches nothing. */
  readonly allowedUrls: () => readonly string[];
  /** They can change: a turn keeps those that it began with. */
  readonly rules: () => ToolRules;
}

/** Every tool that conversations can use. */
export function createTools({ clock, allowedUrls, rules }: Options): Tools {
  const all: Record<Exclude<keyof ToolRules, 'askMs'>, DefinedTool> = {
    calculator,
    currentTime: currentTime(clock),
    fetchUrl: fetchUrl({ clock, allowed: allowedUrls }),
  };
  const ruled = Object.entries(all).map(([key, tool]): Tool => ({
    ...tool,
    get policy() {
      return rules()[key as keyof typeof all];
    },
    get askMs() {
      return rules().askMs;
    },
  }));
  return Object.fromEntries(ruled.map((tool) => [tool.name, tool]));
}
