import { expect, it } from 'vitest';
import type { Node } from '../connection/api.ts';
import { nodeSheet } from './node-sheet.ts';

const plain = {
  ...{ name: 'gpu0', status: 'READY', kind: 'agent', id: 'k3', problem: '', warnings: [], runners: [], speeds: [] },
  ...{ backend: 'ollama', backendVersion: '0.17.4', agentVersion: '', certificateExpiresAt: '', modelCount: 2 },
};

const shown = (changes: object) => nodeSheet({ ...plain, ...changes } as unknown as Node);

it('tells what is known, and nothing of what is not', () => {
  expect(shown({}).split('\n')).toEqual([
    'name       gpu0',
    'state      ready',
    'kind       agent',
    'id         k3',
    'backend    ollama 0.17.4',
    'models     2',
  ]);
});

it('tells of slots that may still burn, of memory and of what people say', () => {
  const sheet = shown({
    slots: { total: 4, busy: 3, waiting: 1, inFlight: 2, zombie: 1 },
    modelMemoryBytes: 24e9,
    attributes: { tier: 0, labels: { room: 'attic' }, trust: 'local', capabilities: ['code', 'chat'] },
  });
  expect(sheet).toMatch(/slots +3 of 4 busy, 1 waiting, 2 from here, 1 perhaps still burning/);
  expect(sheet).toMatch(/memory +24 GB for models/);
  expect(sheet).toMatch(/tier +0\ntrust +local\ngood for +code, chat\nlabels +room=attic/);
});

it('has its troubles, its runners and what was measured in sections', () => {
  const sheet = shown({
    problem: 'No heartbeat for 50 s.',
    breaker: { state: 'open', failures: 3, retryInMs: 9_000, reason: '', models: [] },
    warnings: ['cpuLoad was 7: taken as unknown.'],
    runners: [{ model: 'm', sizeBytes: 2e9, contextLength: 4_096, inFlight: 1, problem: 'silent for 40 s' }],
    speeds: [{ model: 'm', prefillPerSecond: 812.4, loadMs: 4_200, samples: 12 }],
  });
  expect(sheet).toMatch(
    /\n\nTrouble\n {2}No heartbeat for 50 s\.\n {2}calls stay away after 3 failures: one tries in 9\.0 s\n {2}cpuLoad was 7/,
  );
  expect(sheet).toMatch(/In memory\n {2}MODEL .*\n {2}m +2\.0 GB +4096 +1 +silent for 40 s/);
  expect(sheet).toMatch(/Measured\n {2}MODEL .*\n {2}m +812 tok\/s +- +4\.2 s +12/);
});
