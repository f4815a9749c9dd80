import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '@tutti/core';
import { createLog } from '@tutti/runtime/log';
import { openAuthority, openNodeIdentity } from '@tutti/runtime/pki';
import { virtualClock } from '@tutti/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { keepRenewed } from './certificate-renewal.ts';

const hourMs = 3_600_000;
const lifeMs = 24 * hourMs;
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A machine that joined just now, with a certificate for a day, and orchestrators of which some do not answer. */
async function startRig(...orchestrators: ('there' | 'away')[]) {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-renewal-'));
  folders.push(folder);
  const clock = virtualClock();
  const authority = await openAuthority(join(folder, 'ca'), { clock, lifeMs });
  const identity = await openNodeIdentity(join(folder, 'node'), { clock });
  const { caPem } = authority;
  await identity.store({ ...(await authority.issueNode(await identity.csr())), caPem });

  const asked: number[] = [];
  const renewed: string[] = [];
  const registries = orchestrators.map((_, index) => ({
    async renew({ csrPem = '' }) {
      asked.push(index);
      if (orchestrators[index] === 'away') throw new ClusterError('node_unreachable', 'nobody there');
      const { certificatePem } = await authority.issueNode(csrPem, identity);
      return { $typeName: 'tutti.agent.v1.RenewResponse' as const, certificatePem, caPem };
    },
  }));
  const stop = keepRenewed({
    ...{ identity, registries, clock, log: createLog({ service: 'test', level: 'error' }) },
    onRenewed: () => void renewed.push(identity.certificate!.serial),
  });
  const whenRenewed = (times: number) => vi.waitFor(() => expect(renewed).toHaveLength(times));
  const whenAsked = (times: number) => vi.waitFor(() => expect(asked).toHaveLength(times));
  return { clock, identity, asked, orchestrators, renewed, stop, whenRenewed, whenAsked };
}

it('renews after two thirds of the life, again and again', async () => {
  const { clock, identity, asked, whenRenewed, renewed } = await startRig('there');
  const first = identity.certificate!;
  await clock.advance(16 * hourMs - 10 * 60_000);
  expect(asked).toEqual([]);
  await clock.advance(11 * 60_000);
  await whenRenewed(1);
  expect(identity.certificate!.serial).not.toBe(first.serial);
  expect(identity.certificate!.expiresAt).toBeGreaterThan(first.expiresAt + 15 * hourMs);
  await vi.waitFor(() => expect(clock.pending).toBe(1));
  await clock.advance(17 * hourMs);
  await whenRenewed(2);
  expect(new Set(renewed).size).toBe(2);
});

it('asks the next orchestrator if one does not answer, and all of them again in a minute', async () => {
  const { clock, identity, orchestrators, asked, whenAsked, whenRenewed } = await startRig('away', 'away');
  await clock.advance(identity.certificate!.renewAt - clock.wallTime());
  await whenAsked(2);
  orchestrators[1] = 'there';
  await vi.waitFor(() => expect(clock.pending).toBe(1));
  await clock.advance(59_000);
  expect(asked).toEqual([0, 1]);
  await clock.advance(1_000);
  await whenRenewed(1);
  expect(asked).toEqual([0, 1, 0, 1]);
});

it('is over when it is stopped, also in the middle of a renewal', async () => {
  const { clock, identity, stop, whenAsked, whenRenewed } = await startRig('there');
  await clock.advance(identity.certificate!.renewAt - clock.wallTime());
  await whenAsked(1);
  stop();
  await whenRenewed(1);
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});
