import { createMemoryRuns } from '@tutti/core';
import { journalContract } from './journal-contract.fixture.ts';
import { runsContract } from './runs-contract.fixture.ts';

const subject = {
  async place() {
    const runs = createMemoryRuns();
    return { open: async () => ({ runs, close: async () => {} }), remove: async () => {} };
  },
};
runsContract('in memory', subject);
journalContract('in memory', subject);
