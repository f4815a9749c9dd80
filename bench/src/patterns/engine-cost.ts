import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../statistics.ts';
import { playChain } from './chain.ts';

/** What the engine takes beside the models. */
export interface EngineCost {
  readonly cpuPerStepUs: number;
  /** Physical memory of a process with all of the runs open at once, at its most. */
  readonly crowdBytes: number;
}

const chainSteps = 2_000;
const chains = 5;

export const crowd = { runs: 1_000, steps: 10 };

export async function measureEngine(): Promise<EngineCost> {
  const perStepUs: number[] = [];
  for (let round = 0; round <= chains; round++) {
    const before = process.cpuUsage();
    await playChain(chainSteps);
    const { user, system } = process.cpuUsage(before);
    // The first one warms up.
    if (round > 0) perStepUs.push((user + system) / chainSteps);
  }
  const program = fileURLToPath(new URL('crowd.ts', import.meta.url));
  const args = [program, String(crowd.runs), String(crowd.steps)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return { cpuPerStepUs: median(perStepUs), crowdBytes: Number(stdout) };
}
