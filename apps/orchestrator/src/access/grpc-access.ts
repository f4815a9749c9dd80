import { getOption } from '@bufbuild/protobuf';
import { Permission, permission as permissionOption } from '@tutti/proto/tutti/v1/options';
import type { Authorize } from '@tutti/rpc';
import type { Authenticate } from './authenticate.ts';
import { authorize } from './permissions.ts';

/** Lets gRPC calls in by the permission that their method names, and by the same keys as HTTP. */
export function grpcAccess(authenticate: Authenticate): Authorize {
  return (method, { metadata, peer }) => {
    const permission = getOption(method, permissionOption);
    if (permission === Permission.PUBLIC) return undefined;
    const principal = authenticate({
      authorization: metadata.get('authorization'),
      apiKey: metadata.get('x-api-key'),
      address: peer.slice(0, peer.lastIndexOf(':')).replaceAll(/[[\]]/g, ''),
    });
    authorize(permission, principal);
    return principal;
  };
}
