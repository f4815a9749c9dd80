import { ClusterError, roles, type Principal, type Role } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';

interface Rule {
  /** For people. */
  readonly name: string;
  /** The least role that has it. */
  readonly role: Role;
}

/** What each role may do: its own, and what the roles before it may. */
const rules: Partial<Record<Permission, Rule>> = {
  [Permission.VIEW]: { name: 'view', role: 'viewer' },
  [Permission.INFER]: { name: 'infer', role: 'user' },
  [Permission.OPERATE]: { name: 'operate', role: 'operator' },
  [Permission.ADMINISTER]: { name: 'administer', role: 'admin' },
};

/** Throws `forbidden` if whoever asks may not do this. What has no permission at all is refused to everyone. */
export function authorize(permission: Permission, principal: Principal): void {
  if (permission === Permission.PUBLIC) return;
  if (permission === Permission.WRITE_MODELS) {
    if (principal.modelsWrite) return;
    throw new ClusterError(
      'forbidden',
      'This needs the permission models:write. A key has it if it was made so, whatever its role.',
    );
  }
  const rule = rules[permission];
  if (!rule) throw new ClusterError('forbidden', 'Nobody may do this: it names no permission.');
  if (hasRole(principal, rule.role)) return;
  throw new ClusterError(
    'forbidden',
    `This needs the permission ${rule.name}, which the role ${rule.role} has; this key has the role ${principal.role}.`,
  );
}

/** Whether whoever asks has this role, or one that may more. */
export function hasRole(principal: Principal, role: Role): boolean {
  return roles.indexOf(principal.role) >= roles.indexOf(role);
}
