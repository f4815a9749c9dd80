import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith, sayHello } from './calls.fixture.ts';
import { Priority, type Generate } from './generate.ts';
import { mayUseModel, permitted } from './permitted.ts';
import { localPrincipal, type Principal } from './principal.ts';

const keyFor = (limits: Pick<Principal, 'models' | 'classes'>): Principal => ({
  ...localPrincipal,
  id: 'k',
  ...limits,
});

/** What becomes of a call under `permitted`, and whether it went on. */
async function run(principal: Principal, model: string, priority: Priority = Priority.DEFAULT) {
  let reached = false;
  const next: Generate = (call, context) => {
    reached = true;
    return sayHello(call, context);
  };
  const { text, error } = await collect(permitted(next)(callFor(model), contextWith({ principal, priority })));
  return { text, error, reached };
}

describe('the models of a key', () => {
  it.each([
    [undefined, 'a:latest', true],
    [[], 'a:latest', false],
    [['a'], 'a:latest', true],
    [['a:latest'], 'a', true],
    [['a'], 'a:7b', false],
    [['a*'], 'a:7b', true],
    [['a*'], 'hub/a:7b', false],
    [['*:7b'], 'hub/a:7b', true],
    [['b', 'a'], 'a', true],
    [['A'], 'a', false],
  ])('%o: %s %s', (models, name, expected) => {
    const principal = keyFor(models ? { models } : {});
    expect(mayUseModel(principal, name)).toBe(expected);
  });

  it('let a call through, untouched', async () => {
    expect(await run(keyFor({ models: ['m'] }), 'm:latest')).toMatchObject({ text: 'hello', reached: true });
  });

  it('stop a call before anything else sees it, and name what may be used', async () => {
    const { error, reached } = await run(keyFor({ models: ['a*', 'b'] }), 'm:latest');
    expect(error).toMatchObject({
      reason: 'forbidden',
      param: 'model',
      message: 'This key may not use the model "m:latest"; it may use a*, b.',
    });
    expect(reached).toBe(false);
  });
});

describe('a digest', () => {
  const pinned = async (models: Pick<Principal, 'models'>) => {
    const call = { ...callFor('m'), digest: 'ab'.repeat(32) };
    return collect(permitted(sayHello)(call, contextWith({ principal: keyFor(models) })));
  };

  it('is for keys that may use every model: it may be that of any', async () => {
    expect(await pinned({})).toMatchObject({ text: 'hello' });
    expect((await pinned({ models: ['m'] })).error).toMatchObject({ reason: 'forbidden', param: 'model' });
  });
});

describe('the priorities of a key', () => {
  const batch = keyFor({ classes: [Priority.BATCH] });

  it('let a call of theirs through', async () => {
    expect(await run(batch, 'm', Priority.BATCH)).toMatchObject({ text: 'hello' });
  });

  it.each([Priority.INTERACTIVE, Priority.DEFAULT, Priority.UNSPECIFIED, Priority.ADMIN])(
    'stop a call of another: %i',
    async (priority) => {
      const { error, reached } = await run(batch, 'm', priority);
      expect(error).toMatchObject({ reason: 'forbidden', param: 'x-tutti-priority' });
      expect(reached).toBe(false);
    },
  );

  it('take no priority for the default one', async () => {
    expect(await run(keyFor({ classes: [Priority.DEFAULT] }), 'm', Priority.UNSPECIFIED)).toMatchObject({
      text: 'hello',
    });
  });
});
