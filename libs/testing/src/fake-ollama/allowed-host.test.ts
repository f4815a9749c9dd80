import { expect, it } from 'vitest';
import { allowedHost } from './allowed-host.ts';

it.each([
  '127.0.0.1:11434',
  'localhost',
  'LOCALHOST:1',
  '[::1]:11434',
  '0.0.0.0:1',
  '192.168.1.5:11434',
  'box.local',
  'a.internal:80',
  '',
])('takes %j', (host) => expect(allowedHost(host)).toBe(true));

it.each(['example.com', 'example.com:11434', '8.8.8.8:11434', 'localhost.example.com', '[2001:db8::1]:1'])(
  'refuses %j',
  (host) => {
    expect(allowedHost(host)).toBe(false);
  },
);
