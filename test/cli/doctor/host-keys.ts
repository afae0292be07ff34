import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loginAt, type Situation, type Stage } from './situation.ts';

/** With known_hosts of this text instead of a fingerprint. */
const withRecord =
  (record: (key: string, place: string) => string, ...more: string[]): Situation['open'] =>
  async (stage) => {
    const server = await stage.server();
    const [flag, identity, , , address] = await loginAt(stage, server);
    const text = record(server.hostKey.publicKey, `[127.0.0.1]:${server.port}`);
    return [flag!, identity!, '--known-hosts', await stage.file('known_hosts', text), address!, ...more];
  };
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const notRecorded =
  (path: (stage: Stage) => Promise<string>, ...more: string[]): Situation['open'] =>
  async (stage) => {
    const server = await stage.server();
    const [flag, identity, , , address] = await loginAt(stage, server);
    return [flag!, identity!, '--known-hosts', await path(stage), address!, ...more];
  };
const folder = async ({ folder }: Stage) => {
  await mkdir(join(folder, 'a-folder'));
  return join(folder, 'a-folder');
};
const belowFile = async (stage: Stage) => join(await stage.file('a-file', ''), 'known_hosts');

const hostKey = { step: 'hostKey', exitCode: 14 } as const;
const right = { step: 'hostKey', verdict: 'ok', exitCode: 0 } as const;
export const hostKeys: Situation[] = [
  {
    what: 'no key on record',
    ...hostKey,
    kind: 'hostKeyUnknown',
    todo: /--host-key-alias customer-12 --accept-new/,
    open: withRecord(() => ''),
  },
  {
    what: 'a key on record under the name of a customer',
    ...hostKey,
    kind: 'hostKeyUnknown',
    says: /on record as acme$/,
    todo: /^If this is acme: --host-key-alias acme\. If not: Compare/,
    open: withRecord((one) => `acme ${one}\n`),
  },
  {
    what: 'the right key on record',
    ...right,
    says: /as it should be/,
    open: withRecord((one, place) => `${place} ${one}\n`),
  },
  {
    what: 'a key that is recorded just now',
    ...right,
    says: /just been recorded in/,
    open: withRecord(() => '', '--accept-new'),
  },
  {
    what: 'a key that is recorded just now, and a login that is refused',
    ...right,
    exitCode: 15,
    says: /just been recorded in/,
    open: async (stage) =>
      (await withRecord(() => '', '--accept-new')(stage)).map((one) => one.replace('rpa@', 'nobody@')),
  },
  {
    what: 'a known key with --accept-new',
    ...right,
    says: /as it should be/,
    open: withRecord((one, place) => `${place} ${one}\n`, '--accept-new'),
  },
  {
    what: 'the right key under an alias',
    ...right,
    open: withRecord((one) => `customer-12 ${one}\n`, '--host-key-alias', 'customer-12'),
  },
  {
    what: 'a key that is on record for the port, not the alias',
    ...hostKey,
    kind: 'hostKeyUnknown',
    todo: /record it once as customer-7: --accept-new\. Or/,
    open: withRecord((one, place) => `${place} ${one}\n`, '--host-key-alias', 'customer-7'),
  },
  {
    what: 'another key on record',
    ...hostKey,
    kind: 'hostKeyChanged',
    says: /line 1/,
    todo: /Ask before/,
    open: withRecord((_one, place) => `${place} ${other}\n`),
  },
  {
    what: 'another key on record, with --accept-new',
    ...hostKey,
    kind: 'hostKeyChanged',
    todo: /Ask before/,
    open: withRecord((_one, place) => `${place} ${other}\n`, '--accept-new'),
  },
  {
    what: 'another PC behind the alias',
    ...hostKey,
    kind: 'hostKeyChanged',
    todo: /Ask before/,
    open: withRecord(() => `customer-12 ${other}\n`, '--host-key-alias', 'customer-12'),
  },
  {
    what: 'a revoked key',
    ...hostKey,
    kind: 'hostKeyRevoked',
    todo: /withdrawn/,
    open: withRecord((one) => `@revoked * ${one}\n`),
  },
  {
    what: 'another key than the pinned one',
    ...hostKey,
    kind: 'hostKeyNotPinned',
    todo: /customers file/,
    open: async (stage) => {
      const [flag, identity, , , address] = await loginAt(stage, await stage.server());
      return [flag!, identity!, '--host-key', `SHA256:${'A'.repeat(43)}`, address!];
    },
  },
  {
    what: 'a known_hosts that cannot be read',
    ...hostKey,
    kind: 'knownHostsUnreadable',
    todo: /chmod 600/,
    open: notRecorded(folder),
  },
  {
    what: 'a known_hosts that cannot be written',
    ...hostKey,
    kind: 'knownHostsUnwritable',
    todo: /writable/,
    open: notRecorded(belowFile, '--accept-new'),
  },
  {
    what: 'no check of the host key',
    step: 'hostKey',
    verdict: 'warn',
    exitCode: 0,
    todo: /--host-key SHA256:/,
    open: async (stage) => {
      const [flag, identity, , , address] = await loginAt(stage, await stage.server());
      return [flag!, identity!, '--insecure-accept-any-host-key', address!];
    },
  },
];
