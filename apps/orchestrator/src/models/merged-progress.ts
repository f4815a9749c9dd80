import { ClusterError } from '@tutti/core';

/** What a node tells of its work. */
export interface Work {
  readonly node: string;
  /** Lines as Ollama writes them; a failure is thrown. */
  readonly lines: AsyncIterable<string>;
}

interface Line {
  readonly status?: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

interface Bytes {
  total: number;
  completed: number;
}

/** How far a node is. */
interface Report {
  readonly node: string;
  status: string;
  error?: string;
  readonly layers: Map<string, Bytes>;
}

/**
 * The work of several nodes as that of one Ollama: the bytes of a layer are summed over the nodes, each status comes once,
 * and `tutti.nodes` tells how far each of them is. One that fails does not fail the others; `success` comes when all have
 * ended and one at least went well. Fails as the first did if all do.
 *
 * The lines of one node alone are its own.
 */
export async function* mergedProgress(works: readonly Work[]): AsyncIterable<string> {
  if (works.length === 1) {
    yield* works[0]!.lines;
    return;
  }
  const reports = works.map(({ node }): Report => ({ node, status: '', layers: new Map() }));
  const outbox = createOutbox();
  const failures: ClusterError[] = [];
  let running = works.length;

  const follow = async ({ lines }: Work, report: Report): Promise<void> => {
    try {
      for await (const text of lines) {
        const line = JSON.parse(text) as Line;
        report.status = line.status ?? report.status;
        if (line.digest !== undefined) {
          report.layers.set(line.digest, { total: line.total ?? 0, completed: line.completed ?? 0 });
          outbox.put(line.digest, () => layerLine(line, reports));
        } else if (line.status !== undefined && line.status !== 'success') {
          outbox.once(line.status, () => statusLine(line.status!, reports));
        }
      }
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      failures.push(error);
      report.status = 'failed';
      report.error = error.message;
      outbox.once(`failed on ${report.node}`, () => statusLine(`failed on ${report.node}`, reports));
    } finally {
      running -= 1;
      outbox.wake();
    }
  };
  works.forEach((work, index) => void follow(work, reports[index]!));

  for (;;) {
    yield* outbox.take();
    if (running === 0) break;
    await outbox.filled();
  }
  yield* outbox.take();
  if (failures.length === works.length) throw failures[0]!;
  yield statusLine('success', reports);
}

/** Lines that wait for a reader: of one key only the newest, so that a slow reader costs no memory. */
function createOutbox() {
  const waiting = new Map<string, () => string>();
  const told = new Set<string>();
  let wake = (): void => {};
  const put = (key: string, text: () => string): void => {
    waiting.set(key, text);
    wake();
  };
  return {
    put,
    once(key: string, text: () => string): void {
      if (told.has(key)) return;
      told.add(key);
      put(key, text);
    },
    *take(): Iterable<string> {
      for (const [key, text] of waiting) {
        waiting.delete(key);
        yield text();
      }
    },
    filled: () => new Promise<void>((resolve) => (wake = resolve)),
    wake: () => wake(),
  };
}

function layerLine({ status, digest }: Line, reports: readonly Report[]): string {
  const layers = reports.flatMap(({ layers: all }) => all.get(digest!) ?? []);
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  const completed = layers.reduce((sum, layer) => sum + layer.completed, 0);
  return JSON.stringify({ status, digest, total, completed, tutti: { nodes: nodesOf(reports, digest) } });
}

function statusLine(status: string, reports: readonly Report[]): string {
  return JSON.stringify({ status, tutti: { nodes: nodesOf(reports) } });
}

function nodesOf(reports: readonly Report[], digest = ''): object {
  return Object.fromEntries(
    reports.map(({ node, status, error, layers }) => [
      node,
      { status, ...layers.get(digest), ...(error !== undefined && { error }) },
    ]),
  );
}
