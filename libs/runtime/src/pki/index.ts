export {
  openAuthority,
  type Authority,
  type AuthorityOptions,
  type IssuedCertificate,
  type IssuedKeyPair,
  type IssuedNodeCertificate,
} from './authority.ts';
export { authorityFingerprint } from './authority-fingerprint.ts';
export { fetchAuthority, type FetchAuthorityOptions } from './fetch-authority.ts';
export { hashJoinSecret, mintJoinToken, parseJoinToken, type JoinToken } from './join-token.ts';
export { machineNames } from './machine-names.ts';
export { openNodeIdentity, type NodeCertificate, type NodeIdentity } from './node-identity.ts';
