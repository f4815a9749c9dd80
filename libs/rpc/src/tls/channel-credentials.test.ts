import { describe, expect, it } from 'vitest';
import { closeAfterEach, createCluster, disguised, registryClient, serve } from './cluster.fixture.ts';
import { failure } from './port.fixture.ts';

closeAfterEach();

describe('a client', () => {
  it('refuses another cluster, and sends it nothing', async () => {
    const [cluster, other] = [await createCluster(), await createCluster()];
    let joins = 0;
    const port = await serve(await other.orchestrator(), { registry: { join: async () => (joins++, {}) } });
    const error = await failure(registryClient(port, { ca: cluster.authority.caPem }).join({ token: 'secret' }));
    expect(error).toMatchObject({ reason: 'node_unreachable', message: expect.stringMatching(/of another cluster/) });
    expect(joins).toBe(0);
  });

  it('refuses a forged certificate that is shown beside the true authority', async () => {
    const [cluster, other] = [await createCluster(), await createCluster()];
    const { key, certificate, ca } = await other.orchestrator();
    const trueCa = cluster.authority.caPem;
    const forged = { key, certificate: disguised(certificate, ca, trueCa) + trueCa, ca };
    const port = await serve(forged);
    const error = await failure(registryClient(port, { ca: trueCa }).join({ token: 'secret' }));
    expect(error).toMatchObject({ reason: 'node_unreachable', message: expect.stringMatching(/another cluster/) });
  });

  it.each([
    ['the wrong id', { kind: 'orchestrator', id: 'o2' }, /is orchestrator o1, not orchestrator o2/],
    ['the wrong kind', { kind: 'node' }, /is orchestrator o1, not node/],
  ] as const)('refuses %s', async (_, expected, words) => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator('o1'));
    const error = await failure(registryClient(port, await cluster.node(), expected).heartbeat({}));
    expect(error).toMatchObject({ reason: 'node_unreachable', message: expect.stringMatching(words) });
  });

  it('refuses a server that names no process', async () => {
    const cluster = await createCluster();
    const { keyPem: key, certificatePem: certificate } = await cluster.authority.issueServer(['localhost']);
    const port = await serve({ key, certificate, ca: cluster.authority.caPem });
    const error = await failure(registryClient(port, await cluster.node()).heartbeat({}));
    expect(error.message).toMatch(/is no process of the cluster, not orchestrator/);
  });

  it('refuses a server whose certificate has expired', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator('o1', await cluster.at(-120_000, 60_000)));
    const error = await failure(registryClient(port, await cluster.node()).heartbeat({}));
    expect(error).toMatchObject({ reason: 'node_unreachable', message: expect.stringMatching(/has expired/) });
  });

  it('trusts no authority of the system', async () => {
    const port = await serve(await (await createCluster()).orchestrator());
    expect(() => registryClient(port, { ca: '' })).toThrow(/authority to trust/);
  });
});
