import { parseArgs } from 'node:util';
import { stopPrograms } from '../program.ts';
import { removeScratch } from '../scratch.ts';
import { fleetBars, holds, type FleetBar } from './bars.ts';
import { contendersNamed } from './contenders.ts';
import { playFaults } from './faults/play.ts';
import { faultsText } from './faults/report.ts';
import { isSpared } from './faults/trouble.ts';
import { play, type Match } from './match.ts';
import { agree, compareWorlds } from './real/compare.ts';
import { worldsText } from './real/report.ts';
import { barsText, matchText, reportJson } from './report.ts';
import { heldOutSeeds, settings, usualPolicies } from './settings.ts';

const help = `Plays fleets of machines on simulated time, and compares who brings calls to them.

  --fleet n3,n8,n30,n100   fleets; any other number of nodes repeats the kinds of n30
  --load 0.3,0.6,0.85      part of what a good scheduler can keep up with
  --seed 1,2               machines and calls
  --minutes 30             of arrivals
  --policies oracle,tutti  who plays
  --faults                 kill, hang, slow and full, one after the other
  --real                   n3 with processes in real time, beside the same on simulated time; some minutes
  --speed 3                with --real: machines and arrivals so many times as fast
  --quick                  what is over within a minute
  --json                   for machines`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    ...{ fleet: text, load: text, seed: text, minutes: text, policies: text, speed: { ...text, default: '3' } },
    ...{ faults: flag, real: flag, quick: flag, json: flag, help: flag },
  },
});
const policies = values.policies?.split(',');

if (values.help) console.log(help);
else process.exitCode = (await played()) ? 0 : 1;

function played(): Promise<boolean> {
  if (values.real) return compareWithReal();
  return values.faults ? compareUnderFaults() : compare();
}

/** Whether all bars hold. */
async function compare(): Promise<boolean> {
  const matches: Match[] = [];
  const bars: FleetBar[] = [];
  for (const setting of settings(values)) {
    const match = await play(setting, contendersNamed(policies ?? usualPolicies(setting)));
    matches.push(match);
    bars.push(...fleetBars(match, heldOutSeeds(setting.fleet)));
    if (!values.json) console.log(matchText(match));
  }
  if (values.json) console.log(reportJson(matches, bars));
  else if (bars.length > 0) console.log(barsText(bars));
  return bars.every(holds);
}

/** Whether Tutti spares its clients what it promises to; the bars are its own. */
async function compareUnderFaults(): Promise<boolean> {
  const contenders = contendersNamed(policies ?? ['tutti', 'tutti-resuming', 'least-connections']);
  let spared = true;
  for (const setting of settings({ fleet: 'n8', load: '0.6', ...values })) {
    const found = await playFaults(setting, contenders);
    console.log(values.json ? JSON.stringify({ ...setting, found }) : faultsText(setting, found));
    spared &&= found.filter(({ policy }) => policy.startsWith('tutti')).every(isSpared);
  }
  return spared;
}

/** Whether real processes tell the same as simulated ones. */
async function compareWithReal(): Promise<boolean> {
  const speed = Number(values.speed);
  // Calls of a seed whose bursts are of few tokens: the programs must not be what is short.
  const usual = { fleet: 'n3', load: '0.6', seed: '5', minutes: '6' };
  const [setting] = settings({ ...usual, ...values });
  try {
    const found = await compareWorlds(setting!, speed, (policy) => console.error(`${policy} ...`));
    console.log(values.json ? JSON.stringify({ ...setting, speed, found }) : worldsText(setting!, speed, found));
    return agree(found);
  } finally {
    await stopPrograms();
    await removeScratch();
  }
}
