/** Of answers in one piece; RFC 9457 has a type of its own for errors. */
export const json = 'application/json; charset=utf-8';

/** Of server-sent events. */
export const eventStream = 'text/event-stream; charset=utf-8';
