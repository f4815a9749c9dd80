import { ClusterError } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { mergedProgress } from './merged-progress.ts';

async function* linesOf(...lines: (object | Error)[]): AsyncIterable<string> {
  for (const line of lines) {
    await Promise.resolve();
    if (line instanceof Error) throw line;
    yield JSON.stringify(line);
  }
}

const failure = new ClusterError('upstream_error', 'no space left on device');
const layer = (completed: number) => ({ status: 'pulling ab', digest: 'sha256:ab', total: 10, completed });
const success = { status: 'success' };

const merged = async (works: Parameters<typeof mergedProgress>[0]): Promise<Record<string, unknown>[]> =>
  (await Array.fromAsync(mergedProgress(works))).map((line) => JSON.parse(line) as Record<string, unknown>);

describe('mergedProgress', () => {
  it("leaves one node's lines as they are", async () => {
    const odd = '{"status":"pulling", "total":1.0}';
    const lines = (async function* () {
      yield odd;
    })();
    expect(await Array.fromAsync(mergedProgress([{ node: 'a', lines }]))).toEqual([odd]);
  });

  it('sums the bytes of a layer, tells a status once, and ends once all have', async () => {
    const lines = await merged([
      { node: 'a', lines: linesOf({ status: 'pulling manifest' }, layer(2), layer(10), success) },
      { node: 'b', lines: linesOf(layer(5), layer(6), layer(7), { status: 'pulling manifest' }, layer(10), success) },
    ]);
    expect(lines.filter(({ status }) => status === 'pulling manifest')).toHaveLength(1);
    const layers = lines.filter(({ digest }) => digest);
    expect(layers.at(-1)).toMatchObject({
      ...{ status: 'pulling ab', digest: 'sha256:ab', total: 20, completed: 20 },
      tutti: { nodes: { a: { completed: 10, total: 10 }, b: { completed: 10, total: 10 } } },
    });
    const completed = layers.map((line) => Number(line['completed']));
    expect(completed).toEqual(completed.toSorted((a, b) => a - b));
    expect(lines.filter(({ status }) => status === 'success')).toHaveLength(1);
    expect(lines.at(-1)).toEqual({ status: 'success', tutti: { nodes: { a: success, b: success } } });
  });

  it('goes on when one fails, tells it, and is no error to clients of Ollama', async () => {
    const lines = await merged([
      { node: 'a', lines: linesOf({ status: 'pulling manifest' }, failure) },
      { node: 'b', lines: linesOf({ status: 'pulling manifest' }, layer(10), success) },
    ]);
    expect(lines.map(({ status }) => status)).toContain('failed on a');
    expect(lines.some((line) => 'error' in line)).toBe(false);
    expect(lines.at(-1)).toEqual({
      status: 'success',
      tutti: { nodes: { a: { status: 'failed', error: 'no space left on device' }, b: success } },
    });
  });

  it('fails as the first did when all do', async () => {
    const works = ['a', 'b'].map((node) => ({ node, lines: linesOf(failure) }));
    await expect(merged(works)).rejects.toBe(failure);
  });

  it('keeps only the newest line of a layer for a reader that is slow', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => layer(index / 1_000));
    const works = ['a', 'b'].map((node) => ({ node, lines: linesOf(...many, success) }));
    const reader = mergedProgress(works)[Symbol.asyncIterator]();
    await reader.next();
    // Long enough for the nodes to end.
    for (let turn = 0; turn < 50_000; turn += 1) await Promise.resolve();
    let rest = 0;
    while (!(await reader.next()).done) rest += 1;
    expect(rest).toBeLessThan(5);
  });
});
