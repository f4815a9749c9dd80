import { parseArgs } from 'node:util';
import { fleetBars, holds, type FleetBar } from './bars.ts';
import { contendersNamed } from './contenders.ts';
import { play, type Match } from './match.ts';
import { heldOutSeeds, settings } from './settings.ts';
import { barsText, matchText, reportJson } from './report.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    ...{ fleet: text, load: text, seed: text, minutes: text, policies: text },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const contenders = contendersNamed(values.policies?.split(','));
const matches: Match[] = [];
const bars: FleetBar[] = [];
for (const setting of settings(values)) {
  const match = await play(setting, contenders);
  matches.push(match);
  bars.push(...fleetBars(match, heldOutSeeds(setting.fleet)));
  if (!values.json) console.log(matchText(match));
}
if (values.json) console.log(reportJson(matches, bars));
else if (bars.length > 0) console.log(barsText(bars));
process.exitCode = bars.every(holds) ? 0 : 1;
