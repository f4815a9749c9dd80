import fc from 'fast-check';
import type { Tree } from './json-tree.ts';

/** Texts that break what trusts them. None is the name of a model or node that is there. */
export const hostileTexts: readonly string[] = [
  ...['', ' ', '\0', 'a\0b', '\ud800', '\udc00\ud800', '\ufeff', '\u202e', '\u2028', '😀', 'e\u0301', '\u001b[31m'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'true',
    'NaN',
    'Infinity',
    '-1',
    '0x10',
    '1e9',
    '5m',
    '-5m',
    '8k',
  ],
  ...[
    '../../etc/passwd',
    '..\\..\\x',
    '%00',
    '%2e%2e%2f',
    'a/b/c',
    'nope',
    'nope:1b',
    'nope:',
    ':',
    '/',
    '@',
    'm@ctx=0',
  ],
  ...['a\r\nx: y', '${jndi:ldap://x}', '{{.Prompt}}', '{"$gt":""}', "' or 1=1 --", '<script>', '(a+)+$'],
  ...[
    'data:image/png;base64,aGk=',
    'data:;base64,=',
    'data:,',
    'http://127.0.0.1:1/cat.png',
    'http://[::1]:1/',
    'file:///x',
  ],
  ...['2026-13-45T99:99:99Z', '1970-01-01T00:00:00Z', 'sha256:', 'x'.repeat(300), 'é'.repeat(20_000)],
];

/** Words that mean something somewhere. */
const knownWords: readonly string[] = [
  ...['auto', 'none', 'any', 'required', 'function', 'tool', 'custom', 'allowed_tools', 'text', 'json', 'json_object'],
  ...['json_schema', 'system', 'developer', 'user', 'assistant', 'image', 'image_url', 'input_text', 'output_text'],
  ...['message', 'reasoning', 'function_call', 'function_call_output', 'tool_use', 'tool_result', 'thinking'],
  ...[
    'enabled',
    'disabled',
    'adaptive',
    'minimal',
    'low',
    'high',
    'xhigh',
    'max',
    'flex',
    'priority',
    'base64',
    'float',
  ],
  ...['vote', 'judge', 'batch', 'interactive', 'COMPLETED', 'FAILED', 'admin', 'viewer', 'ephemeral', 'url'],
];

const oddNumbers: readonly string[] = [
  ...['0', '-0', '1', '-1', '2', '1.5', '0.1', '-0.0001', '20', '128', '129', '65536', '2147483648', '4294967296'],
  ...['9007199254740993', '-9223372036854775809', '1e308', '1e999', '-1e999', '1e-400', '1E+2', '9'.repeat(400)],
];

/** Not JSON, though some programs read it. */
const brokenTexts: readonly string[] = [
  ...[
    'NaN',
    'Infinity',
    'undefined',
    "'a'",
    '01',
    '.5',
    '1.',
    '+1',
    '0x10',
    '"\\x41"',
    '"\\u12"',
    '"a',
    '"\n"',
    '[1,]',
  ],
  ...['{"a":1,}', '{a:1}', '/* */1', '', '{', '}', ']', ',', '"\\', 'nul', '\ufeff1', '\u00a01', '\0'],
];

const shapes: readonly string[] = [
  ...['[]', '{}', '[[]]', '[{}]', '[null]', '{"":null}', '{"a":1,"a":2}', '{"__proto__":{"polluted":true}}'],
  ...['{"type":"nope"}', '{"type":"text"}', '{"type":"object"}', '[""]', '["a","a"]', '[1,2]', '[1,"a"]', '[[1],[2]]'],
  ...['{"constructor":{"prototype":{"polluted":true}}}', `[${'0,'.repeat(2_000)}0]`, `{"$ref":"#"}`],
];

const levels = [10, 62, 63, 64, 65, 3_000];

const texts = (...from: (readonly string[])[]): fc.Arbitrary<string> => fc.constantFrom(...from.flat());
const quoted = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => arbitrary.map((text) => JSON.stringify(text));

const deep = fc.tuple(fc.constantFrom(...levels), fc.boolean()).map(([depth, inObject]) => {
  const [open, close] = inObject ? ['{"a":', '}'] : ['[', ']'];
  return open.repeat(depth) + '1' + close.repeat(depth);
});

/** Text of a value that has no place where it stands; seldom it is no JSON at all. */
export const hostileValue: fc.Arbitrary<Tree> = fc
  .oneof(
    { weight: 6, arbitrary: texts(['null', 'true', 'false'], oddNumbers) },
    { weight: 5, arbitrary: quoted(texts(hostileTexts)) },
    { weight: 4, arbitrary: quoted(texts(knownWords)) },
    { weight: 4, arbitrary: texts(shapes) },
    { weight: 2, arbitrary: fc.json({ maxDepth: 2 }) },
    { weight: 1, arbitrary: texts(brokenTexts) },
    { weight: 1, arbitrary: deep },
  )
  .map((text) => ({ text }));

/** A field that most objects do not have. */
export const strangeKey: fc.Arbitrary<string> = fc.constantFrom(
  ...[
    'foo',
    '',
    '__proto__',
    'constructor',
    'a.b',
    '\0',
    '\ud800',
    'Model',
    'MODEL',
    'messages ',
    'extra_body',
    'options',
  ],
  ...[
    'n',
    'stream',
    'store',
    'format',
    'tools',
    'think',
    'logprobs',
    'top_logprobs',
    'stop',
    'seed',
    'keep_alive',
    'metadata',
  ],
);
