import { create } from '@bufbuild/protobuf';
import { ClusterError, type Context } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { systemClock } from '@tutti/runtime';
import { embeddedBackend } from './embedded.ts';

// A program: begins to load the model file that it is given, gives up at once, closes the engine and has nothing left to do.
const [path = ''] = process.argv.slice(2);
const backend = await embeddedBackend({ modelPaths: [{ name: 'm', path }], clock: systemClock, threads: 1 });
const controller = new AbortController();
const call = create(CallSchema, { model: 'm', kind: { case: 'chat', value: {} } });
try {
  for await (const { kind } of backend.generate(call, { signal: controller.signal } as Context)) {
    if (kind.case === 'progress') controller.abort();
  }
} catch (thrown) {
  process.stdout.write(ClusterError.from(thrown).reason);
}
await backend.close();
