import type { FastifyInstance } from 'fastify';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { staticFiles } from './static-files.ts';

/** The page that shows the log; it reads /api/logs. */
export async function logViewerFace(app: FastifyInstance): Promise<void> {
  const folder = new URL('../../pages/logviewer/', import.meta.url);
  await staticFiles(app, { path: '/logviewer', folder, permission: Permission.OPERATE });
}
