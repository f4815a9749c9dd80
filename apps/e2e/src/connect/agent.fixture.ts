import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeCluster, type FakeCluster } from '../clients/fake-cluster.ts';
import type { Application } from './application.ts';
import { createHome, type Home } from './home.fixture.ts';
import { readPage, triedLine, type Page } from './page.ts';

interface Agent {
  /** Name of its page. */
  readonly page: string;
  readonly application: Application;
  /** A tool of its own; absent if it has none. */
  readonly tool?: string;
  /** What stops it from looking for updates and from telling others what it does. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the fake, which reads the last message only, finds the name of the tool: in the question, or in the folder. */
  readonly toolNamedBy?: 'question' | 'folder';
  /** A command that ends what it leaves running. */
  readonly end?: string;
}

const question = 'Say hello.';

/** Does what the page of an agent that works in a terminal says, and looks at what came of it at the fake Ollamas. */
export function describeAgent({ page: name, application, tool, env = {}, toolNamedBy = 'question', end }: Agent): void {
  describe.skipIf(!application.available)(`${application.name}, as its page says`, () => {
    let cluster: FakeCluster;
    let page: Page;
    let home: Home;

    beforeAll(async () => {
      cluster = await startFakeCluster();
      page = await readPage(name, cluster.target);
      if (!application.available) return;
      const project = toolNamedBy === 'folder' ? `call:${tool}` : 'project';
      home = await createHome({ page, binFolder: application.binFolder, env, project });
    });

    afterAll(async () => {
      if (end !== undefined) await home.run(end);
      await home.close();
      await cluster.close();
    });

    /** Who spoke in each chat that came to the fakes. */
    const roles = (): string[][] =>
      cluster.fakes
        .flatMap(({ requests }) => requests)
        .filter(({ path }) => path === '/api/chat')
        .map(({ body }) => (JSON.parse(body) as { messages: { role: string }[] }).messages.map(({ role }) => role));

    /** What it says after each of the page's commands that ask something. */
    const ask = async (words: string): Promise<string[]> => {
      const answers = [];
      for (const command of page.commands.filter((text) => text.includes(question))) {
        answers.push(await home.run(command.replace(question, words)));
      }
      return answers;
    };

    it('says with which version', () => {
      if (application.available) expect(page.text).toContain(triedLine(`${application.name} ${application.version}`));
    });

    it('answers', async () => {
      const answers = await ask('Say hello to everybody.');
      expect(answers).not.toEqual([]);
      for (const answer of answers) expect(answer).toContain('You said');
      expect(roles().at(-1)).toContain('user');
    });

    it.skipIf(tool === undefined)('runs a tool that the model asks for, and tells it what that gave', async () => {
      const answers = await ask(toolNamedBy === 'question' ? `please call:${tool}` : question);
      expect(roles().some((spoke) => spoke.includes('tool'))).toBe(true);
      // The fake repeats the tool's complaint about what it was asked.
      for (const answer of answers) expect(answer).toMatch(/You said .*(invalid|missing|required)/is);
    });
  });
}
