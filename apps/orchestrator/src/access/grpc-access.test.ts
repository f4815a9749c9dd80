import { expect, it } from 'vitest';
import { localPrincipal, type Principal } from '@tutti/core';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { grpcAccess } from './grpc-access.ts';
import type { Credentials } from './authenticate.ts';

const viewer: Principal = { ...localPrincipal, id: 'v', role: 'viewer' };

it('hands on what the call shows, and its address without the port', () => {
  const seen: Credentials[] = [];
  const authorize = grpcAccess((shown) => {
    seen.push(shown);
    return viewer;
  });
  const metadata = new Map([
    ['authorization', 'Bearer a'],
    ['x-api-key', 'b'],
  ]);
  for (const peer of ['192.0.2.1:4000', '[2001:db8::1]:4000', '2001:db8::1:4000']) {
    expect(authorize(NodeService.method.listNodes, { metadata, peer })).toBe(viewer);
  }
  expect(seen.map(({ address }) => address)).toEqual(['192.0.2.1', '2001:db8::1', '2001:db8::1']);
  expect(seen[0]).toMatchObject({ authorization: 'Bearer a', apiKey: 'b' });
});

it('asks for the permission of the method, and refuses one that has none', () => {
  const authorize = grpcAccess(() => viewer);
  const caller = { metadata: new Map<string, string>(), peer: '192.0.2.1:4000' };
  expect(() => authorize(NodeService.method.drainNode, caller)).toThrow(/permission operate, which the role operator/);
  expect(() => authorize(Health.method.check, caller)).toThrow(/names no permission/);
});
