import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ClusterError } from '@tutti/core';

/** What a child process tells its parent. */
export interface ChildMessages {
  readonly notice?: (sentence: string) => void;
  readonly progress?: (progress: Progress) => void;
  /** Something has been done that a person wants to know of. */
  readonly step?: (sentence: string) => void;
}

/** How far a download is. */
export interface Progress {
  readonly model: string;
  readonly source: string;
  readonly receivedBytes: number;
  readonly totalBytes?: number;
}

/** A program that runs beside this one and ends with it. */
export interface Child<Facts> {
  /** What it said when it was ready. Rejects with its own words if it cannot start. */
  readonly ready: Promise<Facts>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Asks it to end; resolves when it has. What has not ended after `graceMs` is killed. */
  stop(graceMs: number): Promise<void>;
}

interface Message<Facts> {
  readonly ready?: Facts;
  readonly failed?: string;
  readonly notice?: string;
  readonly progress?: Progress;
  readonly step?: string;
}

/** How much of a child's log a person sees. All of it is in the log store as well. */
export type LogView = 'all' | 'errors';

interface ChildOptions {
  readonly listen?: ChildMessages;
  readonly logView: LogView;
}

/** Starts a program of ours. Its log goes to our stderr; stdout belongs to this process alone. */
export function startChild<Facts>(file: string, args: readonly string[], options: ChildOptions): Child<Facts> {
  const { listen = {}, logView } = options;
  const child = fork(file, args, { stdio: ['ignore', 'ignore', logView === 'all' ? 'inherit' : 'pipe', 'ipc'] });
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!isPlainTalk(line)) process.stderr.write(`${line}\n`);
    });
  }
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
  });
  const ready = new Promise<Facts>((resolve, reject) => {
    child.on('message', (message: Message<Facts>) => {
      if (message.ready) resolve(message.ready);
      if (message.failed) reject(new ClusterError('upstream_error', message.failed));
      if (message.notice) listen.notice?.(message.notice);
      if (message.progress) listen.progress?.(message.progress);
      if (message.step) listen.step?.(message.step);
    });
    child.once('error', reject);
    void exited.then((code) =>
      reject(new ClusterError('upstream_error', `A part of Tutti ended while it started (${code}).`)),
    );
  });
  ready.catch(() => {});
  return { ready, exited, stop: (graceMs) => stopChild(child, exited, graceMs) };
}

/** A line of the log that is no error. What is no line of the log is the end of a process. */
function isPlainTalk(line: string): boolean {
  return /^\{"time":[^{]*"level":"(?:warn|info|debug)"/.test(line);
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
