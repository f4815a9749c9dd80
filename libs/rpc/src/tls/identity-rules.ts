import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { Server } from '@grpc/grpc-js';
import { methodDefinition } from '../service-definition.ts';

/** Whose certificate a method asks for where there is TLS; "none": it lets anybody in, or asks for a key. */
export type RequiredIdentity = 'node' | 'orchestrator' | 'none';

/** One for all methods of a service, or one for each. */
export type IdentityRule = RequiredIdentity | ((method: DescMethod) => RequiredIdentity);

const rules = new WeakMap<Server, Map<string, RequiredIdentity>>();

export function addIdentityRule(server: Server, service: DescService, rule: IdentityRule): void {
  const known = rules.get(server) ?? new Map<string, RequiredIdentity>();
  for (const method of service.methods) {
    known.set(methodDefinition(method).path, typeof rule === 'function' ? rule(method) : rule);
  }
  rules.set(server, known);
}

/** What the method at that path asks for; undefined: nobody has said, so it is for nobody. */
export function requiredIdentity(server: Server, path: string): RequiredIdentity | undefined {
  return rules.get(server)?.get(path);
}
