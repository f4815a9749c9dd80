import { ClusterError, type NewLogRecord } from '@tutti/core';

type Fields = NewLogRecord['fields'];

/** A line's fields as both stores keep them. `invalid_request` if JSON cannot hold them. */
export function writeFields(fields: Fields): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    throw new ClusterError('invalid_request', 'The fields of a log line cannot be written as JSON.', { cause: error });
  }
}

export function readFields(text: string): Fields {
  return JSON.parse(text) as Fields;
}
