import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Customer, CustomerGateway } from '../../src/index.ts';
import { pcScript } from '../../src/setup/pc/pc-script.ts';
import { WindowsPc } from '../support/pcs.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq10TFEMMHGc0GOatFot5E8BszNjLFkhzmvW4sJgm1F';
const gateway: CustomerGateway = {
  ...{ host: '127.0.0.1', port: 9, layout: 'published', operator: 'root' },
  hostKey: [key],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-domain-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The script for a PC whose workers log in as this, run by an administrator. */
async function setUp(username: string, env: Record<string, string> = {}) {
  const customer: Customer = {
    ...{ code: 'acme', account: 'tunnel-acme', port: 9012, username, hostKeyAlias: 'acme' },
    ...{ route: 'published', labels: {}, state: 'active' },
  };
  const home = await mkdtemp(join(folder, 'pc-'));
  const script = pcScript(gateway, customer, { system: 'windows', targetPort: 22, workerKey: key });
  const pc = await WindowsPc.make(home, script);
  await mkdir(join(home, 'ProgramData', 'ssh'));
  const ran = await pc.run([], { FAKE_NO_START: '1', FAKE_HOME: home, ...env });
  return { pc, home, ran };
}

it.each([
  ['rpa', 'S-1-5-21-1-2-3-1001'],
  ['CORP\\kim', 'S-1-5-21-9-9-9-1105'],
  ['kim@corp.local', 'S-1-5-21-9-9-9-1105'],
])('%s takes the key of the workers', async (login, sid) => {
  const { pc, home, ran } = await setUp(login);
  expect(ran).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${login} takes the key of the workers`),
  });
  const file = join(home, '.ssh', 'authorized_keys');
  expect(await readFile(file, 'utf8')).toContain(key);
  expect(await readFile(join(home, 'fake.profile-filter'), 'utf8')).toBe(`SID='${sid}'`);
  expect((await pc.calls()).filter((call) => call.startsWith(`icacls ${file}`)).at(-1)).toContain(
    `/grant *${sid}:F`,
  );
});

it('an administrator of a domain has the key where sshd looks for administrators', async () => {
  const { home } = await setUp('CORP\\kim', { FAKE_ADMIN: 'CORP\\kim' });
  expect(existsSync(join(home, 'ProgramData', 'ssh', 'administrators_authorized_keys'))).toBe(true);
  expect(existsSync(join(home, '.ssh'))).toBe(false);
});

it('another account of the same name is not taken for it', async () => {
  const { home } = await setUp('CORP\\kim', { FAKE_ADMIN: 'kim' });
  expect(existsSync(join(home, 'ProgramData', 'ssh', 'administrators_authorized_keys'))).toBe(false);
});

it('an account of a domain that nobody knows is told', async () => {
  const { home, ran } = await setUp('OTHER\\kim');
  expect(ran.out + ran.err).toContain('There is no account OTHER\\kim with a profile on this PC');
  expect(existsSync(join(home, '.ssh'))).toBe(false);
});
