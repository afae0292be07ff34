import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parsePublicKeyLine } from '../../src/host-key/keys/fingerprint.ts';
import { entriesFor } from '../../src/host-key/known-hosts/entries.ts';
import { readKnownHostsFiles } from '../../src/host-key/known-hosts/files.ts';
import { HostMatcher, hashHostName } from '../../src/host-key/known-hosts/match.ts';
import { knownHostsLines } from '../../src/host-key/known-hosts/parse.ts';
import { planUpdate, toldKeys } from '../../src/host-key/known-hosts/update.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
  path = join(folder, 'known_hosts');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const read = async () => (await readKnownHostsFiles([path]))[0];
const text = async () => (await read())?.text;

/** From now on the file counts as one that was left alone for long. */
function later(): void {
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 60_000);
}

describe('a file that has been read before', () => {
  beforeEach(async () => {
    await writeFile(path, 'one');
    later();
    expect(await text()).toBe('one');
  });

  test('is not read again', async () => {
    expect(await read()).toBe(await read());
  });

  test('is read again after a write of the same length, even if its time is set back', async () => {
    const { atime, mtime } = await stat(path);
    await writeFile(path, 'two');
    await utimes(path, atime, mtime);
    expect(await text()).toBe('two');
  });

  test('is read again if it is replaced', async () => {
    const { atime, mtime } = await stat(path);
    await writeFile(`${path}.new`, 'two');
    await utimes(`${path}.new`, atime, mtime);
    await rename(`${path}.new`, path);
    expect(await text()).toBe('two');
  });

  test('is dropped if it is deleted', async () => {
    await rm(path);
    expect(await text()).toBeUndefined();
  });

  test('is an error if it can no longer be read', async () => {
    await rm(path);
    await mkdir(path);
    await expect(read()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

test('a recently written file is read each time, since a change may not be visible in its stats', async () => {
  await writeFile(path, 'one');
  expect(await read()).not.toBe(await read());
});

test('simultaneous look-ups share one read', async () => {
  await writeFile(path, 'one');
  const files = await Promise.all(Array.from({ length: 100 }, read));
  expect(new Set(files).size).toBe(1);
});

test('a look-up during a read gets a read that starts later', async () => {
  await writeFile(path, 'one');
  const first = text();
  await setImmediate();
  await writeFile(path, 'two');
  expect(await Promise.all([text(), text()])).toEqual(['two', 'two']);
  await first;
});

test('an error is reported to all that share the read, and the next reads again', async () => {
  await mkdir(path);
  const outcomes = await Promise.allSettled([read(), read()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await rm(path, { recursive: true });
  await writeFile(path, 'one');
  expect(await text()).toBe('one');
});

describe('the lines about a name', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ';
  const hashed = (name: string) => hashHostName(name, Buffer.alloc(20, name));
  const names = [
    'pc-1',
    'PC-1,10.0.0.1',
    'pc-1,pc-1,pc-2',
    '*',
    'pc-?,!pc-2',
    '!pc-1,*',
    hashed('pc-1'),
    hashed('PC-1'),
    '|1|pc-1',
    'pc-2,,10.0.0.2',
    `${'x'.repeat(1_023)},pc-1`,
    `pc-1,${'x'.repeat(1_023)}`,
    '[gw]:9012',
    'pc-1',
  ];
  const file = { path: '/known', text: names.map((name) => `${name} ${key}\n`).join('') };

  /** What ssh does: one line after another. */
  const oneByOne = (name: string) => {
    const matcher = new HostMatcher(name);
    return [...knownHostsLines(file.text)].flatMap(({ hosts, line }) => (matcher.matches(hosts) ? line : []));
  };

  test.each(['pc-1', 'PC-1', 'pc-2', 'pc-3', '10.0.0.1', '10.0.0.2', '[gw]:9012', 'x', '|1|pc-1', ''])(
    'are those that match %j, in order, on every look-up',
    (name) => {
      const expected = oneByOne(name);
      for (let time = 0; time < 2; time++) {
        expect(entriesFor([file], name).map(({ line }) => line)).toEqual(expected);
      }
    },
  );

  test('are found among 5,000 PCs without checking each', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `customer-${index} ${key}\n`).join('');
    const matches = vi.spyOn(HostMatcher.prototype, 'matches');
    const found = entriesFor([{ path: '/many', text: many }], 'Customer-4999');
    expect(found.map(({ line }) => line)).toEqual([5_000]);
    expect(matches).not.toHaveBeenCalled();
  });

  test('are all that UpdateHostKeys looks at where the server announces what is on record', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `customer-${index} ${key}\n`).join('');
    await writeFile(path, many);
    const told = toldKeys([parsePublicKeyLine(key).blob], () => true)!;
    const matches = vi.spyOn(HostMatcher.prototype, 'matches');
    const update = { files: [path], hash: undefined, host: 'gw', port: 9012, alias: 'customer-7' };
    expect(await planUpdate(update, told)).toEqual({ kept: 'everything already matches the server' });
    expect(matches).not.toHaveBeenCalled();
  });

  test('for hashed names are computed once per name', () => {
    const many = Array.from({ length: 500 }, (_, index) => `${hashed(`customer-${index}`)} ${key}\n`).join(
      '',
    );
    const whole = { path: '/hashed', text: many };
    const matches = vi.spyOn(HostMatcher.prototype, 'matches');
    for (let time = 0; time < 3; time++) {
      expect(entriesFor([whole], 'customer-499').map(({ line }) => line)).toEqual([500]);
    }
    expect(matches).toHaveBeenCalledTimes(500);
  });
});
