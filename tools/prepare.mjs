// Runs before `npm start`, `npm test` and `npm run check`, on whatever Node the machine has: plain JavaScript, nothing
// installed. It installs what the lock names if that has not been done, and makes sure that the Node behind it is new
// enough to run the sources as they are.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const oldestMajor = 22;
const oldestMinor = 18;

process.chdir(root);
if (!isInstalled()) install();
checkNode();

function isInstalled() {
  const installed = 'node_modules/.package-lock.json';
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs;
}

function install() {
  process.stderr.write('Installing what package-lock.json names (about half a minute, once) ...\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--ignore-scripts', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('npm ci failed. Its own words are above; mend that and start again.');
}

/** npm has put node_modules/.bin first on PATH, so this is the Node that will run Tutti. */
function checkNode() {
  const version = execFileSync('node', ['-v'], { encoding: 'utf8' }).trim();
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(
    `Tutti needs Node ${oldestMajor}.${oldestMinor} or newer; this is ${version}, and no newer one comes with Tutti for ` +
      `${process.platform}-${process.arch}. Install Node 24 from nodejs.org and start again.`,
  );
}

/** @type {(sentence: string) => never} */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
