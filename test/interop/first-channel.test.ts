import { afterEach, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { startSshd } from '../support/sshd.ts';

afterEach(() => switchedOff.clear());

it('does not let the answer to the first channel wait for a delayed acknowledgement', async () => {
  await using sshd = await startSshd();
  const { host, port, username, privateKey, hostPublicKey } = sshd;
  async function firstForward(): Promise<number> {
    await using connection = await connectViaGateway({
      ...{ host, port, username, privateKey, retry: false as const },
      hostKey: { key: hostPublicKey },
    });
    const startedAt = performance.now();
    // No shell is started for it: what it takes is the line's.
    (await connection.openStream({ host, port })).destroy();
    return performance.now() - startedAt;
  }
  const least = async () => Math.min(await firstForward(), await firstForward(), await firstForward());
  expect(await least()).toBeLessThan(25);
  switchedOff.add('first channel');
  expect(await least()).toBeGreaterThan(35);
});
