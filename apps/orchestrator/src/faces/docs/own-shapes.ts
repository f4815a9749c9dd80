import { z } from 'zod';

const nodes = z.object({ healthy: z.int().min(0), total: z.int().min(0) });

/** What our own routes take and give that no proto file describes. */
export const ownShapes = {
  Liveness: z.object({ status: z.literal('ok') }),
  Readiness: z.object({ status: z.enum(['ok', 'stopping', 'no node is ready']), nodes }),
  Health: z.object({
    status: z.enum(['ok', 'degraded']),
    nodes,
    waiting: z.int().min(0).describe('Calls that wait for a node.'),
  }),
  SessionRequest: z.object({ key: z.string().describe('An API key.') }),
  Session: z.object({
    name: z.string().describe('Name of the key.'),
    role: z.enum(['viewer', 'user', 'operator', 'admin']),
    expiresInMs: z.number().optional().describe('Absent on the own machine, where no session is needed.'),
  }),
};
