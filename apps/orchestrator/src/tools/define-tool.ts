import { ClusterError } from '@tutti/core';
import type { Json, JsonObject, Tool } from '@tutti/core/patterns';
import { z } from 'zod';

/** A tool, whoever may use it. */
export type DefinedTool = Omit<Tool, 'policy' | 'askMs'>;

interface Definition<T> {
  readonly name: string;
  /** For models: what it does, and when to use it. */
  readonly description: string;
  readonly shape: z.ZodType<T>;
  run(args: T, signal: AbortSignal): Promise<Json>;
}

/** A tool whose arguments are checked before it runs. */
export function defineTool<T>({ name, description, shape, run }: Definition<T>): DefinedTool {
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(shape, { io: 'input' });
  return {
    ...{ name, description },
    parameters: parameters as JsonObject,
    async run(args, signal) {
      const read = shape.safeParse(args);
      if (read.success) return run(read.data, signal);
      throw new ClusterError('invalid_request', `The arguments do not fit: ${z.prettifyError(read.error)}`);
    },
  };
}
