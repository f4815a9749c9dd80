export { logLevel, loopbackHost, milliseconds, port, readSettings } from './settings.ts';
