export { announceReady, tellParent } from './parent.ts';
export { explain, runProgram } from './run-program.ts';
export { createShutdown, shutDownOnSignals, type Shutdown } from './shutdown.ts';
export { systemClock } from './system-clock.ts';
export { version } from './version.ts';
