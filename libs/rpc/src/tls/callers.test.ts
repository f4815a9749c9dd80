import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  clockFromNow,
  closeAfterEach,
  createCluster,
  disguised,
  healthClient,
  modelsClient,
  registryClient,
  serve,
} from './cluster.fixture.ts';
import { failure, handshake, heldStream, openStream } from './port.fixture.ts';

closeAfterEach();

describe('whoever calls', () => {
  it('without a certificate gets to what is open to all, and no further', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator());
    const client = registryClient(port, { ca: cluster.authority.caPem });
    expect(await client.join({})).toMatchObject({ nodeId: 'joined' });
    const error = await failure(client.heartbeat({}));
    expect(error.reason).toBe('unauthenticated');
    expect(error.message).toMatch(/no certificate was shown: run `tutti agent --join`/);
  });

  it('with a certificate of another cluster is refused', async () => {
    const cluster = await createCluster();
    const other = await (await createCluster()).node();
    const port = await serve(await cluster.orchestrator());
    const client = registryClient(port, { ...other, ca: cluster.authority.caPem });
    expect(await failure(client.heartbeat({}))).toMatchObject({
      reason: 'unauthenticated',
      message: expect.stringMatching(/of another cluster/),
    });
    expect(await client.join({})).toMatchObject({ nodeId: 'joined' });
  });

  it('with a certificate that only looks like one of the cluster is refused', async () => {
    const [cluster, other] = [await createCluster(), await createCluster()];
    const { key, certificate, ca } = await other.node();
    const forged = disguised(certificate, ca, cluster.authority.caPem);
    expect(new X509Certificate(forged).checkIssued(new X509Certificate(cluster.authority.caPem))).toBe(true);
    const port = await serve(await cluster.orchestrator());
    const client = registryClient(port, { key, certificate: forged, ca: cluster.authority.caPem });
    expect(await failure(client.heartbeat({}))).toMatchObject({ reason: 'unauthenticated' });
  });

  it('with an expired certificate is refused', async () => {
    const cluster = await createCluster();
    const node = await cluster.node(await cluster.at(-120_000, 60_000));
    const refused: string[] = [];
    const port = await serve(await cluster.orchestrator(), {}, { onRefused: ({ reason }) => refused.push(reason) });
    const error = await failure(registryClient(port, node).heartbeat({}));
    expect(error).toMatchObject({ reason: 'unauthenticated', message: expect.stringMatching(/expired at 20/) });
    expect(refused).toEqual([error.message]);
  });

  it('with a certificate from the future is refused', async () => {
    const cluster = await createCluster();
    const node = await cluster.node(await cluster.at(3_600_000));
    const port = await serve(await cluster.orchestrator());
    const error = await failure(registryClient(port, node).heartbeat({}));
    expect(error.message).toMatch(/valid from 20.* only: set the clocks right/);
  });

  it('with a certificate for web pages is refused', async () => {
    const cluster = await createCluster();
    const { keyPem: key, certificatePem: certificate } = await cluster.authority.issueServer(['box.lan']);
    const port = await serve(await cluster.orchestrator());
    const error = await failure(registryClient(port, { key, certificate, ca: cluster.authority.caPem }).heartbeat({}));
    expect(error.message).toMatch(/names neither a node nor an orchestrator/);
  });

  it('with the certificate of another kind is forbidden', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator());
    const error = await failure(registryClient(port, await cluster.orchestrator('o2')).heartbeat({}));
    expect(error).toMatchObject({
      reason: 'forbidden',
      message: expect.stringMatching(/kind node.* not orchestrator o2/),
    });
  });

  it('gets nowhere where nobody has said who may', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator());
    for (const shown of [await cluster.node(), await cluster.orchestrator('o2'), { ca: cluster.authority.caPem }]) {
      expect(await failure(healthClient(port, shown).check({}))).toMatchObject({ reason: 'forbidden' });
    }
  });

  it('is refused before it has sent anything', async () => {
    const cluster = await createCluster();
    const putBlob = async () => ({});
    const port = await serve(await cluster.orchestrator(), { models: { putBlob } });
    const asked = Promise.withResolvers<void>();
    async function* nothing() {
      await asked.promise;
      yield {};
    }
    const put = modelsClient(port, { ca: cluster.authority.caPem }).putBlob(nothing());
    expect(await failure(put)).toMatchObject({ reason: 'unauthenticated' });
    asked.resolve();
  });

  it('cannot stay on once its certificate has expired', async () => {
    const clock = clockFromNow();
    const cluster = await createCluster(3_600_000);
    const held = heldStream();
    const port = await serve(await cluster.orchestrator(), held, { clock });
    const client = modelsClient(port, await cluster.node());
    const rest = failure((await openStream(client))());
    await clock.advance(3_500_000);
    await client.hasBlob({});
    await clock.advance(200_000);
    expect(await rest).toMatchObject({ reason: 'node_unreachable' });
    await held.left;
    expect(await failure(client.hasBlob({}))).toMatchObject({ message: expect.stringMatching(/expired at/) });
  });

  it('cannot come back on a resumed session once its certificate has expired', async () => {
    const clock = clockFromNow();
    const cluster = await createCluster(3_600_000);
    const node = await cluster.node();
    const refused: string[] = [];
    const port = await serve(
      await cluster.orchestrator(),
      {},
      { clock, onRefused: ({ reason }) => refused.push(reason) },
    );
    const own = { key: node.key, cert: node.certificate, ca: node.ca };
    const first = await handshake(port.port, own);
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    await clock.advance(3_700_000);
    const second = await handshake(port.port, { ...own, session });
    expect(second.isSessionReused()).toBe(true);
    await expect.poll(() => refused.join()).toMatch(/expired at/);
  });

  it('is cut off at once when it is removed, and told why when it comes back', async () => {
    const cluster = await createCluster();
    const [node, other] = [await cluster.node(), await cluster.node()];
    const removed = new Set<string>();
    const held = heldStream();
    const port = await serve(await cluster.orchestrator(), held, { isRevoked: ({ id }) => removed.has(id) });
    const client = modelsClient(port, node);
    const rest = failure((await openStream(client))());
    const restOfOther = await openStream(modelsClient(port, other));
    removed.add(node.id);
    const startedAt = performance.now();
    port.disconnect(node.id);
    expect(await rest).toMatchObject({ reason: 'node_unreachable' });
    await held.left;
    expect(performance.now() - startedAt).toBeLessThan(250);
    const error = await failure(client.hasBlob({}));
    expect(error).toMatchObject({ reason: 'unauthenticated', message: expect.stringMatching(/was removed/) });
    held.end();
    expect(await restOfOther()).toBe(2);
  });

  it('is refused its next call once it is removed, even on a connection that stayed', async () => {
    const cluster = await createCluster();
    const removed = new Set<string>();
    const port = await serve(await cluster.orchestrator(), {}, { isRevoked: ({ id }) => removed.has(id) });
    const node = await cluster.node();
    const client = registryClient(port, node);
    await client.heartbeat({});
    removed.add(node.id);
    expect(await failure(client.heartbeat({}))).toMatchObject({ message: expect.stringMatching(/was removed/) });
  });
});
