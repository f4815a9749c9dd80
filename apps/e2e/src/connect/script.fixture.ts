import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeCluster, type FakeCluster } from '../clients/fake-cluster.ts';
import type { Application } from './application.ts';
import { createHome, type Home } from './home.fixture.ts';
import { readPage, triedLine, type Page } from './page.ts';

interface Script {
  /** Name of its page. */
  readonly page: string;
  readonly application: Application;
}

/** Runs the script of a library's page: it chats, calls a tool and embeds, and prints what it got. */
export function describeScript({ page: name, application }: Script): void {
  describe.skipIf(!application.available)(`${application.name}, as its page says`, () => {
    let cluster: FakeCluster;
    let page: Page;
    let home: Home;

    beforeAll(async () => {
      cluster = await startFakeCluster();
      page = await readPage(name, cluster.target);
      if (!application.available) return;
      // The fake calls the tool that it is told to.
      const files = page.files.map(({ path, text }) => ({
        path,
        text: text.replace('How is the weather in Paris?', 'call:get_weather'),
      }));
      home = await createHome({ page: { ...page, files }, binFolder: application.binFolder });
    });

    afterAll(async () => {
      await home.close();
      await cluster.close();
    });

    it('says with which version', () => {
      if (application.available) expect(page.text).toContain(triedLine(`${application.name} ${application.version}`));
    });

    it('chats, calls a tool and embeds', async () => {
      const command = page.commands.find((text) => text.startsWith('python '))!;
      const lines = (await home.run(command)).trim().split('\n');
      expect(lines).toEqual(['You said Say hello.', expect.stringContaining('Paris'), '384 numbers']);
    });
  });
}
