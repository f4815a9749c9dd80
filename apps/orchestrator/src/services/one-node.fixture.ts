import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { delta, done, type Generate } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';

const sayHello: Generate = async function* () {
  yield delta({ text: 'hello' });
  yield done({ reason: 'stop' });
};

/** A node with one slot that has model "m", if the test does not say otherwise. */
export function oneNode(cluster: Cluster, name: string, state: MessageInitShape<typeof NodeStateSchema> = {}): void {
  const usual = { models: [{ name: 'm' }], slots: { total: 1, perRunner: 1 } };
  const whole = { ...usual, ...state } as MessageInitShape<typeof NodeStateSchema>;
  cluster.report(name, sayHello, create(NodeStateSchema, whole));
}
