import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, ClusterError, mayUseModel } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import { NodeDeclarationSchema, type NodeModelSchema, type NodeService } from '@tutti/proto/tutti/v1/node';
import type { Implementation } from '@tutti/rpc';
import { int32 } from '../members/int32.ts';
import type { Membership } from '../members/membership.ts';
import { attributesFrom, declarationFrom } from './node-declaration.ts';

interface Options {
  readonly membership: Membership;
  readonly cluster: Pick<Cluster, 'nodes'>;
}

/** Shows and steers the machines of the cluster. */
export function nodeService({ membership, cluster }: Options): Implementation<typeof NodeService> {
  const { find } = membership;
  return {
    listNodes: async () => ({ nodes: membership.list() }),
    getNode: async ({ name }) => ({ node: find(name) }),
    async listNodeModels({ name }, { principal }) {
      find(name);
      const view = membership.isConnected(name) && cluster.nodes.find((node) => node.name === name);
      const models = view ? modelsOf(view) : [];
      return { models: models.filter((model) => !principal || mayUseModel(principal, model.name!)) };
    },
    async addNode({ node }) {
      const declared = declarationFrom(node ?? create(NodeDeclarationSchema));
      const { name, kind } = declared;
      // One that was removed is not shown, and may come back as the file has it.
      if (membership.isConfigured(name) && membership.record(name)) {
        throw new ClusterError(
          'failed_precondition',
          `Node ${name} is declared in the configuration file. Change it there, or its attributes by PATCH /api/nodes/${name}.`,
        );
      }
      const { host: _host, port: _port, ...known } = membership.record(name) ?? declared;
      const isAgent = known.id !== undefined || (membership.isConnected(name) && find(name).kind === 'agent');
      if (kind !== 'agent' && isAgent) {
        throw new ClusterError(
          'failed_precondition',
          `${name} is the name of an agent that has joined. Remove that node first, or choose another name.`,
        );
      }
      await membership.put({ ...known, ...declared });
      return { node: find(name) };
    },
    async updateNode({ name, changes }) {
      find(name);
      const attributes = changes ? attributesFrom(changes) : {};
      await membership.keep(name, { attributes });
      return { node: find(name) };
    },
    async drainNode({ name, deadlineMs }) {
      checkDeadline(deadlineMs);
      await membership.drain(name, deadlineMs);
      return { node: find(name) };
    },
    async cordonNode({ name }) {
      await membership.cordon(name);
      return { node: find(name) };
    },
    async uncordonNode({ name }) {
      await membership.uncordon(name);
      return { node: find(name) };
    },
    async removeNode({ name }) {
      const node = find(name);
      await membership.remove(name);
      return { node };
    },
  };
}

/** More than a week is a slip of the finger. */
const longestDrainMs = 7 * 24 * 60 * 60_000;

function checkDeadline(deadlineMs: number | undefined): void {
  if (deadlineMs === undefined || (deadlineMs >= 0 && deadlineMs <= longestDrainMs)) return;
  const message = `deadlineMs must be 0 to ${longestDrainMs} milliseconds, a week, got ${deadlineMs}.`;
  throw new ClusterError('invalid_request', message, { param: 'deadlineMs' });
}

function modelsOf({ state }: NodeView): MessageInitShape<typeof NodeModelSchema>[] {
  const loaded = new Set(state.runners.map((runner) => canonicalModel(runner.model)));
  return state.models
    .map(({ name, digest, sizeBytes, capabilities, contextLength }) => ({
      ...{ name, digest, sizeBytes, capabilities, contextLength: int32(contextLength) },
      loaded: loaded.has(canonicalModel(name)),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}
