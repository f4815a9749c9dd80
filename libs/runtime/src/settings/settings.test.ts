import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loopbackHost, port, readSettings } from './settings.ts';

const shape = {
  port: port.default(3001),
  host: loopbackHost.default('127.0.0.1'),
  queueSize: z.coerce.number().default(100),
};

describe('settings', () => {
  it('come from flags before the environment before defaults', () => {
    expect(readSettings(shape, ['--port', '1'], { PORT: '2', QUEUE_SIZE: '3' })).toEqual({
      port: 1,
      host: '127.0.0.1',
      queueSize: 3,
    });
  });

  it('take an empty variable for none', () => {
    expect(readSettings(shape, [], { PORT: '' }).port).toBe(3001);
  });

  it.each([
    [['--port', 'x'], /PORT \(--port\) is "x"/],
    [['--port', '70000'], /PORT \(--port\) is "70000".*65535/],
    [['--host', '0.0.0.0'], /HOST \(--host\) is "0.0.0.0": only 127.0.0.1.*not implemented yet/],
    [['--prot', '1'], /--prot.*Known flags: --port, --host, --queue-size/],
  ])('name what is wrong: %o', (args, message) => {
    expect(() => readSettings(shape, args, {})).toThrow(message);
  });
});
