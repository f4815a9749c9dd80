export { cacheFolder, dataFolder } from './folders.ts';
