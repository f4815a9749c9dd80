import { parseArgs } from 'node:util';
import { measuredOn, writePage } from '../page.ts';
import { stopPrograms } from '../program.ts';
import { removeScratch } from '../scratch.ts';
import { startBackend, startRelay, startTutti } from '../targets.ts';
import { measureBlobs } from './blobs.ts';
import { measureCancelled } from './cancelled.ts';
import { measureFirstTokens } from './first-token.ts';
import { barsOf, holds, reportText, type Figures } from './report.ts';
import { measureTranslation } from './translation.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `Measures what a dialect costs, when a first token comes, what a blob and a stream that is left leave behind.

  --quick   less of everything, to see that it works
  --write   puts the results into docs/speed.md
  --json    for machines`;

const rounds = values.quick ? 2 : 7;
const workMs = values.quick ? 500 : 1_500;
const streams = values.quick ? 500 : 10_000;
/** Between tokens, where the first one is timed: 64 streams then do not fill the machine. */
const tokenDelayMs = 10;
const heapProbe = new URL('heap-probe.ts', import.meta.url).href;

if (values.help) {
  console.log(help);
  process.exit();
}

try {
  const fast = await startBackend({ tokenDelayMs: 0 });
  const translation = await measureTranslation(await startTutti(fast), rounds, workMs);
  await stopPrograms();
  const slow = await startBackend({ tokenDelayMs });
  const firstTokens = await measureFirstTokens([await startRelay(slow), await startTutti(slow)], rounds);
  const blobs = await measureBlobs(await startTutti(slow));
  await stopPrograms();
  const probed = await startTutti(await startBackend({ tokenDelayMs }), ['--expose-gc', '--import', heapProbe]);
  const cancelled = await measureCancelled(probed.url, probed.programs, streams);
  const figures: Figures = { translation, firstTokens, blobs, cancelled };
  console.log(values.json ? JSON.stringify({ ...figures, bars: barsOf(figures) }) : reportText(figures));
  if (values.write) {
    const intro = `\`npm run bench:dialects\`, on ${measuredOn()}.`;
    writePage('speed.md', 'bench:dialects', `${intro}\n\n\`\`\`\n${reportText(figures)}\n\`\`\``);
  }
  process.exitCode = barsOf(figures).every(holds) ? 0 : 1;
} finally {
  await stopPrograms();
  await removeScratch();
}
