import { toBinary } from '@bufbuild/protobuf';
import { CallSchema, type Call } from '@tutti/proto/tutti/agent/v1/call';

/** The same text for calls that ask for the same, and hardly ever for others. Not for secrets: it can be forged. */
export function fingerprint(call: Call): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (const byte of toBinary(CallSchema, call)) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x5bd1e995);
  }
  return `${(low >>> 0).toString(16)}.${(high >>> 0).toString(16)}`;
}
