import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { createWholeProgram } from './program.ts';

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

/** They print a document or a script, which has a form already. */
const documents = new Set(['schema', 'completion']);

it('every verb has --json and --quiet, and a help that starts with examples', async () => {
  const program = await createWholeProgram();
  for (const verb of leaves(program)) {
    const flags = verb.options.map(({ long }) => long);
    if (!documents.has(verb.name())) expect(flags, verb.name()).toEqual(expect.arrayContaining(['--json', '--quiet']));
    expect(verb.description(), verb.name()).not.toBe('');
  }
  for (const verb of program.commands) {
    let help = '';
    verb.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toMatch(/^Examples:\n {2}(?:\S.* )?(?:source <\()?tutti /);
  }
});

it('no option takes a secret but the token that is pasted', async () => {
  const flags = leaves(await createWholeProgram()).flatMap(({ options }) => options.map(({ long }) => long));
  expect(flags).not.toContain('--key');
});
