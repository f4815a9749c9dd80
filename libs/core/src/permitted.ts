import { ClusterError } from './error.ts';
import { Priority, type Call, type Context, type Generate } from './generate.ts';
import { canonicalModel } from './model-name.ts';
import type { Principal } from './principal.ts';
import { priorities } from './priorities.ts';
import { matchesWildcard } from './wildcard.ts';

/**
 * Refuses a call whose model or priority its principal may not use. It stands where the model's name is the one that
 * runs: below aliases and patterns, so that none of them leads around it.
 */
export function permitted(next: Generate): Generate {
  return (call, context) => {
    try {
      requireModel(context.principal, call.model);
      requireNoPin(call, context);
      requirePriority(context);
    } catch (thrown) {
      return refused(thrown);
    }
    // Not a generator around the next one: that would cost every chunk.
    return next(call, context);
  };
}

async function* refused(thrown: unknown): AsyncGenerator<never> {
  throw thrown;
}

/** Whether the model may be used, and be seen, by whoever asks. */
export function mayUseModel({ models }: Principal, name: string): boolean {
  if (models === undefined) return true;
  const model = canonicalModel(name);
  return models.some((pattern) => matchesWildcard(pattern.includes('*') ? pattern : canonicalModel(pattern), model));
}

/** As `mayUseModel`; throws `forbidden`. */
export function requireModel(principal: Principal, name: string): void {
  if (mayUseModel(principal, name)) return;
  throw new ClusterError('forbidden', `This key may not use the model "${name}"; ${allowed(principal.models)}.`, {
    param: 'model',
  });
}

/** A digest may be that of another model, under whatever name it is asked for. */
function requireNoPin({ digest }: Call, { principal }: Context): void {
  if (digest === '' || principal.models === undefined) return;
  const message = `This key may ask for models by name only, without a digest; ${allowed(principal.models)}.`;
  throw new ClusterError('forbidden', message, { param: 'model' });
}

function requirePriority({ principal, priority }: Context): void {
  const asked = priority === Priority.UNSPECIFIED ? Priority.DEFAULT : priority;
  if (!principal.classes || principal.classes.includes(asked)) return;
  const names = Object.entries(priorities).filter(([, value]) => principal.classes?.includes(value));
  throw new ClusterError(
    'forbidden',
    `This key may not ask for this priority; ${allowed(names.map(([name]) => name))}.`,
    { param: 'x-tutti-priority' },
  );
}

const mostShown = 10;

function allowed(names: readonly string[] = []): string {
  if (names.length === 0) return 'it may use none';
  const rest = names.length > mostShown ? ` and ${names.length - mostShown} more` : '';
  return `it may use ${names.slice(0, mostShown).join(', ')}${rest}`;
}
