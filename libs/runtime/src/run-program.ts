import { ClusterError } from '@tutti/core';

/**
 * Runs a program's `main`. If it cannot start, the reason is one sentence on stderr, and told to the parent if there is
 * one; the exit code is 1.
 */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const message = explain(error);
    if (process.send) process.send({ failed: message }, () => process.exit(1));
    else {
      process.stderr.write(`${message}\n`);
      process.exit(1);
    }
  }
}

/** What failed and what to do, in a sentence; a stack only for what must be a bug. */
export function explain(error: unknown): string {
  const { code, port, path, message, stack } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program. Stop it, or choose another port.`;
  if (code === 'EACCES' || code === 'EPERM')
    return `No right to use ${path ?? `port ${port}`}. Choose another, or change its owner.`;
  if (path !== undefined && ['ENOENT', 'ENOTDIR', 'EROFS'].includes(code ?? '')) {
    return `${path} cannot be used (${code}). Name another folder, or make this one.`;
  }
  if (code === 'ENOSPC') return `The disk is full${path ? ` (${path})` : ''}. Make room and start again.`;
  if (error instanceof ClusterError && error.reason !== 'internal') return message;
  return `This is a bug; please report it.\n${stack ?? String(error)}`;
}
