import { playChain } from './chain.ts';

/** Plays many runs at once, in a process that does nothing else, and writes how many bytes of memory it held at most. */
const [runs, steps] = process.argv.slice(2).map(Number);
const delayMs = 50;

// The clock's timers let a process end.
const alive = setInterval(() => {}, 1_000);
await Promise.all(Array.from({ length: runs! }, () => playChain(steps!, delayMs)));
clearInterval(alive);
console.log(process.resourceUsage().maxRSS * 1_024);
