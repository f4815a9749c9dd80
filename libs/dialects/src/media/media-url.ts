import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema, MediaSchema, type Media, type PartSchema } from '@tutti/proto/tutti/agent/v1/call';
import { invalid } from '../json/fields.ts';

/** Of a part that only says where its picture is. No backend knows it: `withMedia` puts the picture there first. */
const located = 'text/uri-list';

const longestUrl = 8_000;

/** A part whose picture is at a URL of HTTP. `path` names the field in the error for what is none. */
export function mediaAt(url: string, path: string): MessageInitShape<typeof PartSchema> {
  if (!URL.canParse(url) || url.length > longestUrl) {
    throw invalid(path, `field "${path}" must be a URL of at most ${longestUrl} characters`);
  }
  return { kind: { case: 'media', value: { data: new TextEncoder().encode(url), mediaType: located } } };
}

/** A picture that is still to be fetched. */
interface MediaUrl {
  readonly url: string;
  /** The part that names it, for errors: `messages[0].content[1]`. */
  readonly param: string;
}

/** The pictures that a call only names, in order. */
export function mediaUrls({ kind }: Call): MediaUrl[] {
  if (kind.case !== 'chat') return [];
  return kind.value.messages.flatMap(({ parts }, turn) =>
    parts.flatMap((part, at) => {
      const media = locatedIn(part.kind);
      if (!media) return [];
      return [{ url: new TextDecoder().decode(media.data), param: `messages[${turn}].content[${at}]` }];
    }),
  );
}

/** The call with what `mediaUrls` has told replaced by the pictures, in the same order. */
export function withMedia(call: Call, pictures: readonly MessageInitShape<typeof MediaSchema>[]): Call {
  if (call.kind.case !== 'chat' || pictures.length === 0) return call;
  let next = 0;
  const messages = call.kind.value.messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => {
      const picture = locatedIn(part.kind) && pictures[next++];
      return picture ? { ...part, kind: { case: 'media' as const, value: create(MediaSchema, picture) } } : part;
    }),
  }));
  return create(CallSchema, { ...call, kind: { case: 'chat', value: { ...call.kind.value, messages } } });
}

function locatedIn(kind: { readonly case: string | undefined; readonly value?: unknown }): Media | undefined {
  if (kind.case !== 'media') return undefined;
  const media = kind.value as Media;
  return media.mediaType === located ? media : undefined;
}
