import type { DescEnum, DescEnumValue, DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { comments } from '@tutti/proto/tutti/v1/comments';

/** What the proto file says of an element; "" if nothing. */
export function commentOf(element: DescService | DescMethod | DescMessage | DescField | DescEnum | DescEnumValue) {
  const name = 'typeName' in element ? element.typeName : `${element.parent.typeName}.${element.name}`;
  return comments[name] ?? '';
}

/** A method's comment without its name, which Go's style puts in front: "Returns every node." */
export function methodText(method: DescMethod): string {
  const comment = commentOf(method);
  const [first, ...others] = comment.split(' ');
  const text = first === method.name ? others.join(' ') : comment;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The first sentence, without its end. */
export function firstSentence(text: string): string {
  return /^.*?(?=[.:;](?:\s|$)|$)/s.exec(text)?.[0] ?? text;
}
