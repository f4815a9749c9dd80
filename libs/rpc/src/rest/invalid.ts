import { ClusterError, nearestName } from '@tutti/core';

/** A field of the request is not as it should be. */
export function invalidField(param: string, message: string, cause?: unknown): ClusterError {
  return new ClusterError('invalid_request', message, { param: shown(param), cause });
}

/** The request has something that does not exist. `kind` says what it looks like. */
export function unknownName(kind: string, name: string, names: readonly string[]): ClusterError {
  const nearest = nearestName(name, names);
  const advice = nearest === undefined ? listed(names) : `did you mean "${nearest}"?`;
  return invalidField(name, `There is no ${kind} "${shown(name)}"; ${advice}`);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'there are none here.' : `there is ${names.join(', ')}.`;
}

const mostShown = 40;

/** What a client has sent, short enough for a message. */
export function shown(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= mostShown ? whole : `${whole.slice(0, mostShown).toWellFormed()}…`;
}
