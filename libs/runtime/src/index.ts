export { cacheFolder, dataFolder } from './folders.ts';
export { createLog, type Log } from './log.ts';
export { announceReady, tellParent } from './parent.ts';
export { explain, runProgram } from './run-program.ts';
export { logLevel, loopbackHost, milliseconds, port, readSettings } from './settings.ts';
export { createShutdown, shutDownOnSignals, type Shutdown } from './shutdown.ts';
export { systemClock } from './system-clock.ts';
