/** What a client may send that no HTTP library sends, and what must come of it. */
export interface RawCase {
  readonly what: string;
  /** Written one after the other; a number waits for so many milliseconds. */
  readonly sends: readonly (string | Buffer | number)[];
  /** What the client does when all is sent: leaves its half open, closes it, or breaks off. */
  readonly afterwards?: 'wait' | 'end' | 'break';
  /** Status of each answer, in order. Whoever breaks off is told nothing. */
  readonly statuses: readonly number[];
  /** Whether the connection is closed by the server; left out: yes. */
  readonly closed?: false;
}

const body = '{"model":"smollm2:135m","messages":[{"role":"user","content":"x"}],"stream":false}';
const host = 'host: localhost\r\n';
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
const post = (headers: string, text: string): string => `POST /api/chat HTTP/1.1\r\n${host}${headers}\r\n${text}`;
const chunked = (text: string): string => post('transfer-encoding: chunked\r\n', text);

const requestLines: readonly RawCase[] = [
  { what: 'no HTTP at all', sends: ['NONSENSE\r\n\r\n'], statuses: [400] },
  { what: 'HTTP/0.9', sends: ['GET /livez\r\n\r\n'], statuses: [200] },
  { what: 'HTTP/1.0 without a host', sends: ['GET /livez HTTP/1.0\r\n\r\n'], statuses: [200] },
  { what: 'HTTP/3.7', sends: [`GET /livez HTTP/3.7\r\n${host}\r\n`], statuses: [400] },
  { what: 'the preface of HTTP/2', sends: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], statuses: [400] },
  { what: 'a method that is none', sends: [`G\tET /livez HTTP/1.1\r\n${host}\r\n`], statuses: [400] },
  { what: 'a method that nobody knows', sends: [`BREW /livez HTTP/1.1\r\n${host}\r\n`], statuses: [400] },
  { what: 'CONNECT', sends: [`CONNECT localhost:80 HTTP/1.1\r\n${host}\r\n`], statuses: [] },
  { what: 'a path with a space', sends: [`GET /live z HTTP/1.1\r\n${host}\r\n`], statuses: [400] },
  { what: 'a path with NUL', sends: [`GET /live\0z HTTP/1.1\r\n${host}\r\n`], statuses: [400] },
  { what: 'a path of 20 KB', sends: [get(`/${'a'.repeat(20_000)}`)], statuses: [431] },
  { what: 'a whole URI for a path', sends: [get('http://localhost/livez')], statuses: [200], closed: false },
  {
    what: "another machine's URI for a path",
    sends: [get('http://example.com/livez')],
    statuses: [200],
    closed: false,
  },
  { what: '* for a path', sends: [`OPTIONS * HTTP/1.1\r\n${host}\r\n`], statuses: [204], closed: false },
  { what: 'a bare line feed', sends: [`GET /livez HTTP/1.1\nhost: localhost\n\n`], statuses: [400] },
  { what: 'TLS', sends: [Buffer.from('16030100a5010000a10303', 'hex')], statuses: [400] },
];

const headers: readonly RawCase[] = [
  { what: 'no host', sends: ['GET /livez HTTP/1.1\r\n\r\n'], statuses: [400] },
  { what: 'two hosts', sends: [get('/livez', 'host: example.com\r\n')], statuses: [400], closed: false },
  { what: '10,000 headers', sends: [get('/livez', 'a: b\r\n'.repeat(10_000))], statuses: [431] },
  { what: 'a header of 20 KB', sends: [get('/livez', `a: ${'b'.repeat(20_000)}\r\n`)], statuses: [431] },
  { what: 'NUL in a header', sends: [get('/livez', 'a: b\0c\r\n')], statuses: [400] },
  { what: 'a space before the colon', sends: [get('/livez', 'a : b\r\n')], statuses: [400] },
  { what: 'a header without a name', sends: [get('/livez', ': b\r\n')], statuses: [400] },
  { what: 'a header without a colon', sends: [get('/livez', 'ab\r\n')], statuses: [400] },
  { what: 'a header on two lines', sends: [get('/livez', 'a: b\r\n c\r\n')], statuses: [400] },
  { what: 'a carriage return in a header', sends: [get('/livez', 'a: b\rc: d\r\n')], statuses: [400] },
  {
    what: 'bytes above 127 in a header',
    sends: [Buffer.from(get('/livez', 'a: \u00ff\u00fe\r\n'), 'latin1')],
    statuses: [200],
    closed: false,
  },
  {
    what: 'an upgrade to what is not spoken',
    sends: [get('/livez', 'connection: upgrade\r\nupgrade: websocket\r\n')],
    statuses: [200],
    closed: false,
  },
  {
    what: 'an expectation that cannot be met',
    sends: [get('/livez', 'expect: magic\r\n')],
    statuses: [417],
    closed: false,
  },
];

const lengths: readonly RawCase[] = [
  {
    what: 'a length and chunks',
    sends: [post('content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n')],
    statuses: [400],
  },
  {
    what: 'chunks and a length',
    sends: [post('transfer-encoding: chunked\r\ncontent-length: 5\r\n', '0\r\n\r\n')],
    statuses: [400],
  },
  { what: 'two lengths', sends: [post('content-length: 5\r\ncontent-length: 6\r\n', 'hello!')], statuses: [400] },
  { what: 'a length twice', sends: [post('content-length: 5\r\ncontent-length: 5\r\n', 'hello')], statuses: [400] },
  { what: 'a list of lengths', sends: [post('content-length: 5, 5\r\n', 'hello')], statuses: [400] },
  { what: 'a length below 0', sends: [post('content-length: -1\r\n', '')], statuses: [400] },
  { what: 'a length with a sign', sends: [post('content-length: +5\r\n', 'hello')], statuses: [400] },
  { what: 'a length in hex', sends: [post('content-length: 0x5\r\n', 'hello')], statuses: [400] },
  { what: 'a length beyond 64 bits', sends: [post(`content-length: ${'9'.repeat(30)}\r\n`, '')], statuses: [400] },
  {
    what: 'a length beyond the limit',
    sends: [post('content-length: 999999999999\r\n', 'x')],
    statuses: [413],
    closed: false,
  },
  { what: 'an encoding nobody knows', sends: [post('transfer-encoding: xchunked\r\n', '')], statuses: [400] },
  {
    what: 'an encoding after chunked',
    sends: [post('transfer-encoding: chunked, identity\r\n', '0\r\n\r\n')],
    statuses: [400],
  },
  {
    what: 'chunked twice',
    sends: [post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n')],
    statuses: [400],
  },
  {
    what: 'an encoding behind a vertical tab',
    sends: [post('transfer-encoding: \vchunked\r\n', '0\r\n\r\n')],
    statuses: [400],
  },
  { what: 'a chunk whose size is none', sends: [chunked('zz\r\nhello\r\n')], statuses: [400] },
  { what: 'a chunk larger than 64 bits', sends: [chunked(`${'f'.repeat(20)}\r\nhello`)], statuses: [400] },
  { what: 'a chunk below 0', sends: [chunked('-5\r\nhello\r\n')], statuses: [400] },
  { what: 'a chunk longer than it says', sends: [chunked('3\r\nhello\r\n0\r\n\r\n')], statuses: [400] },
  { what: 'a chunk that ends in a line feed', sends: [chunked('5\nhello\n0\n\n')], statuses: [400] },
  {
    what: 'a good body in chunks of one byte',
    sends: [
      chunked(
        body
          .split('')
          .map((one) => `1\r\n${one}\r\n`)
          .join('') + '0\r\n\r\n',
      ),
    ],
    statuses: [200],
    closed: false,
  },
  {
    what: 'trailers',
    sends: [chunked(`${body.length.toString(16)}\r\n${body}\r\n0\r\nhost: example.com\r\n\r\n`)],
    statuses: [200],
    closed: false,
  },
];

const connections: readonly RawCase[] = [
  {
    what: 'five requests at once',
    sends: [get('/livez').repeat(5)],
    statuses: [200, 200, 200, 200, 200],
    closed: false,
  },
  { what: 'a request behind a bad one', sends: [`${get('/livez', 'a : b\r\n')}${get('/livez')}`], statuses: [400] },
  { what: 'a bad request behind a good one', sends: [get('/livez'), 100, 'NONSENSE\r\n\r\n'], statuses: [200, 400] },
  { what: 'a request in single bytes', sends: get('/livez').split(''), statuses: [200], closed: false },
  { what: 'nothing', sends: [], afterwards: 'end', statuses: [] },
  { what: 'half a first line', sends: ['POST /api/ch'], afterwards: 'end', statuses: [400] },
  { what: 'half a head', sends: ['POST /api/chat HTTP/1.1\r\nhost: loc'], afterwards: 'break', statuses: [] },
  { what: 'half a body', sends: [post('content-length: 500\r\n', body)], afterwards: 'end', statuses: [400] },
  { what: 'half a chunk', sends: [chunked('ff\r\n{"model"')], afterwards: 'break', statuses: [] },
  {
    what: 'a call, and away',
    sends: [post(`content-length: ${body.length}\r\n`, body)],
    afterwards: 'break',
    statuses: [],
  },
];

/** They take as long as the server's patience. */
const slow: readonly RawCase[] = [
  { what: 'a head that does not end', sends: [`GET /livez HTTP/1.1\r\n${host}`], statuses: [408] },
  {
    what: 'a header every 200 ms',
    sends: [`GET /livez HTTP/1.1\r\n${host}`, ...Array.from({ length: 60 }, (_, i) => [200, `a${i}: b\r\n`]).flat()],
    statuses: [408],
  },
  { what: 'a body that does not come', sends: [post('content-length: 500\r\n', '')], statuses: [408] },
  {
    what: 'a byte of a body every 200 ms',
    sends: [post('content-length: 500\r\n', ''), ...Array.from({ length: 60 }, () => [200, ' ']).flat()],
    statuses: [408],
  },
];

export const rawCorpus: readonly RawCase[] = [...requestLines, ...headers, ...lengths, ...connections, ...slow];
