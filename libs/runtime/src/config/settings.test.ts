import { describe, expect, it } from 'vitest';
import { flagOf, settings, variableOf } from './settings.ts';

describe('names of settings', () => {
  it('are the path, in capitals or as a flag', () => {
    expect(variableOf('server.grpcPort')).toBe('TUTTI_SERVER_GRPC_PORT');
    expect(variableOf('dataFolder')).toBe('TUTTI_DATA_FOLDER');
    expect(flagOf('server.grpcPort', 'orchestrator')).toBe('--grpc-port');
    expect(flagOf('server.grpcPort', 'agent')).toBe('--server-grpc-port');
    expect(flagOf('agent.llamaBaseUrl', 'agent')).toBe('--llama-base-url');
    expect(flagOf('mongodb.uri', 'agent')).toBe('--mongodb-uri');
  });

  it.each(['orchestrator', 'agent'] as const)('are each one of their own: %s', (program) => {
    const flags = settings.map(({ path }) => flagOf(path, program));
    expect(new Set([...flags, '--log-level', '--config']).size).toBe(flags.length + 2);
    expect(new Set(settings.map(({ path }) => variableOf(path))).size).toBe(settings.length);
  });

  it('are all explained', () => {
    for (const { path, description } of settings) expect(description, path).toMatch(/^\S.{5,110}$/);
  });
});
