import { Privacy, type Call, type Generate, type Message } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';

/** Of each prompt that much is logged, from its end: there stands what was asked last. */
const longestPrompt = 2_048;

interface Options {
  readonly log: Pick<Log, 'debug' | 'level'>;
  /** Whether the operator has asked for it; looked at anew for each call. */
  readonly wanted: () => boolean;
}

/** Logs what goes into each call, at level debug, if it is wanted. Logs go to a store, which may be on another machine. */
export function promptsLogged(generate: Generate, { log, wanted }: Options): Generate {
  return (call, context) => {
    if (log.level === 'debug' && wanted() && context.privacy !== Privacy.LOCAL) {
      const prompt = promptOf(call);
      log.debug('prompt', { requestId: context.requestId, model: call.model, prompt: prompt.slice(-longestPrompt) });
    }
    return generate(call, context);
  };
}

function promptOf({ kind }: Call): string {
  if (kind.case === 'chat') return kind.value.messages.map(textOf).join('\n');
  if (kind.case === 'completion') return kind.value.prompt;
  return kind.case === 'embed' ? kind.value.inputs.join('\n') : '';
}

function textOf({ role, parts }: Message): string {
  return `${role}: ${parts.map(({ kind }) => (kind.case === 'text' ? kind.value : `[${kind.case}]`)).join('')}`;
}
