import { isWaiting } from './chunk.ts';
import { ClusterError } from './error.ts';
import type { Call, Generate } from './generate.ts';
import type { Clock } from './ports.ts';
import { linkedController } from './signal.ts';
import { tapped } from './streams/tapped.ts';

interface Options {
  readonly clock: Clock;
  /** How long the first output is expected to take: waiting, loading and reading the prompt. */
  readonly firstOutputMs: number;
}

const longestFirstOutputMs = 600_000;
/** From the last sign that the model is being loaded or that the call waits at the node. */
const loadAllowanceMs = 300_000;
const longestSilenceMs = 120_000;
/** Silences between outputs may be so many times as long as they are on average. */
const silenceFactor = 5;
/** Part of the newest gap in that average. */
const newestPart = 0.2;
const longestCallMs = 30 * 60_000;

/** Looking again sooner might move no time at all. */
const shortestLookMs = 1;

/** How long a call may be silent. */
interface Patience {
  /** Before the first output, over what is expected. */
  readonly graceMs: number;
  /** Between two outputs, at least. */
  readonly silenceMs: number;
}

const usual: Patience = { graceMs: 60_000, silenceMs: 30_000 };
/** A function call comes as one piece when all of it is there. */
const withTools: Patience = { graceMs: 120_000, silenceMs: 120_000 };

/**
 * Ends a call with `upstream_timeout` when its first output, the next one or its end does not come in time. Only the
 * time in which the node is waited for counts: a slow reader is no fault of it.
 */
export function timed({ clock, firstOutputMs }: Options, next: Generate): Generate {
  return (call, context) =>
    tapped(() => {
      const { controller, unlink } = linkedController(context.signal);
      const { graceMs, silenceMs } = mayUseTools(call) ? withTools : usual;
      const startedAt = clock.now();
      let firstDueAt = startedAt + Math.min(longestFirstOutputMs, firstOutputMs + graceMs);
      let begun = false;
      let averageGapMs = 0;
      /** Undefined: the reader is at work. */
      let waitingSince: number | undefined = startedAt;
      let timeout: ClusterError | undefined;

      const dueAt = (): number => {
        const end = startedAt + longestCallMs;
        if (waitingSince === undefined) return end;
        const longest = Math.min(longestSilenceMs, Math.max(silenceMs, silenceFactor * averageGapMs));
        return Math.min(end, begun ? waitingSince + longest : firstDueAt);
      };

      // One timer for all chunks: it looks how late it is. No silence that begins after a look is over before the next.
      const look = (): void => {
        const leftMs = dueAt() - clock.now();
        if (leftMs > 0) {
          stopLooking = clock.after(Math.max(shortestLookMs, Math.min(leftMs, silenceMs)), look);
          return;
        }
        timeout = lateness(begun, clock.now() - startedAt);
        controller.abort(timeout);
      };
      let stopLooking = clock.after(silenceMs, look);

      const stop = (): void => {
        stopLooking();
        unlink();
      };

      return {
        items: next(call, { ...context, signal: controller.signal }),
        wait: () => void (waitingSince = clock.now()),
        see(chunk) {
          // What came together with the one before was not waited for.
          const gapMs = waitingSince === undefined ? 0 : clock.now() - waitingSince;
          if (begun) averageGapMs += newestPart * (gapMs - averageGapMs);
          else if (chunk.kind.case !== 'progress') begun = true;
          else if (isWaiting(chunk)) firstDueAt = Math.max(firstDueAt, lastDue(startedAt, clock.now()));
          waitingSince = undefined;
        },
        end(thrown) {
          stop();
          if (thrown !== undefined && timeout) throw timeout;
        },
        leave: stop,
      };
    });
}

function lastDue(startedAt: number, now: number): number {
  return Math.min(startedAt + longestFirstOutputMs, now + loadAllowanceMs);
}

function mayUseTools({ kind }: Call): boolean {
  return kind.case === 'chat' && kind.value.tools.length > 0;
}

function lateness(begun: boolean, elapsedMs: number): ClusterError {
  const seconds = Math.round(elapsedMs / 1_000);
  if (elapsedMs >= longestCallMs) {
    return new ClusterError('upstream_timeout', `The answer was not complete after ${seconds} s.`);
  }
  const what = begun ? 'fell silent in the middle of its answer' : 'brought no output';
  return new ClusterError('upstream_timeout', `The node ${what}; the call was given up after ${seconds} s.`);
}
