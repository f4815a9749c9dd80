import { Permission, PermissionSchema } from '@tutti/proto/tutti/v1/options';
import type { Operation, Schema } from './document.ts';
import { commentOf } from './texts.ts';

/** How a client shows its key. */
export const securitySchemes: Readonly<Record<string, Schema>> = {
  bearerAuth: { type: 'http', scheme: 'bearer', description: 'An API key. On the own machine none is needed.' },
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key, for other clients.' },
};

/** What OpenAPI says of a permission, and the statuses with which it is refused. */
export function accessOf(permission: Permission): Pick<Operation, 'security' | 'x-permission'> & { errors: number[] } {
  const isPublic = permission === Permission.PUBLIC;
  return {
    security: isPublic ? [] : Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    'x-permission': PermissionSchema.value[permission]!.localName.toLowerCase(),
    // A strange host or page is refused everywhere, a key in the URL as well; too many wrong keys are 429.
    errors: isPublic ? [400, 403] : [400, 401, 403, 429],
  };
}

/** The permissions and who has them, for people. */
export function permissionsText(): string {
  const shown = PermissionSchema.values.filter(({ number }) => number !== Permission.UNSPECIFIED);
  return shown.map((value) => `- \`${value.localName.toLowerCase()}\`: ${commentOf(value)}`).join('\n');
}
