import os from 'node:os';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetSystemResponseSchema } from '@tutti/proto/tutti/v1/admin';

/** The process and its host, now. */
export function systemFacts(): MessageInitShape<typeof GetSystemResponseSchema> {
  const uptimeMs = process.uptime() * 1_000;
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    nodeVersion: process.version,
    pid: process.pid,
    uptimeMs,
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    cpu: (user + system) / 1_000 / uptimeMs,
    hostname: os.hostname(),
    os: os.platform(),
    arch: os.arch(),
    cpuCount: os.availableParallelism(),
    loadAverage: os.loadavg()[0]!,
    memoryTotalBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(),
  };
}
