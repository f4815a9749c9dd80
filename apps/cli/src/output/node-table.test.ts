import { expect, it } from 'vitest';
import type { Node } from '../connection/api.ts';
import { nodeTable } from './node-table.ts';

const agx0 = {
  name: 'agx0',
  status: 'READY',
  problem: '',
  attributes: { tier: 2 },
  hardware: { gpus: [{ name: 'Orin', memoryUsedBytes: 41 * 2 ** 30, memoryTotalBytes: 64 * 2 ** 30 }] },
  modelCount: 18,
  runners: [{ model: 'qwen2.5-coder:32b' }, { model: 'llama3.2:3b' }],
  slots: { total: 4, busy: 1 },
  heartbeatAgeMs: 1_200,
};

it('has a row for each node, and tells the problems below', () => {
  const gone = { name: 'pi', status: 'ABSENT', problem: 'Start its agent.', modelCount: 0, runners: [] };
  expect(nodeTable([agx0, gone] as unknown as Node[]).split('\n')).toEqual([
    'NODE    STATE     TIER    GPU/VRAM         MODELS    LOADED                            BUSY    HEARTBEAT',
    'agx0    ready     2       Orin 41/64 GB    18        qwen2.5-coder:32b, llama3.2:3b    1/4     1 second ago',
    'pi      absent    -       -                0         -                                 0/0     -',
    '',
    'pi: Start its agent.',
  ]);
});
