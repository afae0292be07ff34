import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { chmod, chown, lstat, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addCustomer, changeCustomer, changeGateway } from '../../src/customers/entries.ts';
import { changeCustomersFile } from '../../src/customers/write.ts';
import { customersFile, temporaryFolder } from './world.ts';

const text = `{
\t"note": "kept",
\t"gateway": { "host": "gateway.example.com" },
\t"customers": {
\t\t"acme": { "account": "tunnel-acme", "port": 9012, "phone": "02-123" }
\t}
}
`;

test('a change keeps unknown members, their order and the layout', async () => {
  await using world = await customersFile(text);
  expect(await changeCustomer(world.file, 'acme', { state: 'left' })).toBe(true);
  expect(await readFile(world.file, 'utf8')).toBe(text.replace('"02-123" }', '"02-123", "state": "left" }'));
  expect(await changeCustomer(world.file, 'acme', { state: 'left' })).toBe(false);
});

test('of simultaneous changes none is lost, and nothing is left behind', async () => {
  await using world = await customersFile(text);
  const ports = Array.from({ length: 12 }, (_, index) => 9100 + index);
  await Promise.all(
    ports.map((port) => addCustomer(world.file, `c${port}`, { account: `tunnel-c${port}`, port })),
  );
  const { customers } = JSON.parse(await readFile(world.file, 'utf8'));
  expect(Object.keys(customers).sort()).toEqual(['acme', ...ports.map((port) => `c${port}`)].sort());
  expect(await readdir(world.path)).toEqual(['customers.json']);
});

test('a writer that is done does not remove the lock of the next', async () => {
  await using world = await customersFile(text);
  const lock = `${world.file}.new`;
  const done = changeCustomersFile(world.file, (before) => before.replace('9012', '9014'));
  while (!existsSync(lock)) await setImmediate();
  // The next one takes the name at the moment when it is free, while the first one still cleans up.
  while (existsSync(lock)) await setImmediate();
  await writeFile(lock, 'of the next one', { flag: 'wx' });
  await done;
  expect(existsSync(lock)).toBe(true);
});

test('the mode of the file is kept, and so is a link to it', async () => {
  await using world = await customersFile(text);
  await chmod(world.file, 0o600);
  const link = join(world.path, 'link.json');
  await symlink(world.file, link);
  await changeCustomer(link, 'acme', { port: 9013 });
  expect((await stat(world.file)).mode & 0o777).toBe(0o600);
  expect(await readFile(world.file, 'utf8')).toContain('9013');
});

test('a link to a missing file is kept: the file is created at its target', async () => {
  await using world = await customersFile(text);
  const [made, link, outer] = ['made.json', 'link.json', 'outer.json'].map((name) =>
    join(world.path, name),
  ) as [string, string, string];
  await symlink('made.json', link);
  await symlink(link, outer);
  expect(
    await changeCustomersFile(outer, (before) => before.replace('9012', '9014'), { initial: text }),
  ).toBe(true);
  expect(await readFile(made, 'utf8')).toContain('9014');
  expect((await lstat(link)).isSymbolicLink() && (await lstat(outer)).isSymbolicLink()).toBe(true);
});

test('a link into a missing folder, and one to itself, are errors and are kept', async () => {
  await using world = await customersFile(text);
  const [lost, loop] = ['lost.json', 'loop.json'].map((name) => join(world.path, name)) as [string, string];
  await symlink('none/x.json', lost);
  await symlink('loop.json', loop);
  const change = (file: string) => changeCustomersFile(file, (before) => before, { initial: text });
  await expect(change(lost)).rejects.toThrow(/none\/x\.json: it cannot be written \(ENOENT\)/);
  await expect(change(loop)).rejects.toThrow(/loop\.json: it is a symbolic link that leads to itself/);
  expect((await lstat(lost)).isSymbolicLink() && (await lstat(loop)).isSymbolicLink()).toBe(true);
});

test.runIf(process.getuid?.() === 0)(
  'a file of another user keeps its owner when root changes it',
  async () => {
    await using world = await customersFile(text);
    await chown(world.file, 12_345, 23_456);
    await chmod(world.file, 0o600);
    await changeCustomer(world.file, 'acme', { port: 9013 });
    const { uid, gid, mode } = await stat(world.file);
    expect([uid, gid, mode & 0o777]).toEqual([12_345, 23_456, 0o600]);
  },
);

test('a change that would make the file invalid is rejected, and nothing is written', async () => {
  await using world = await customersFile(text);
  await expect(addCustomer(world.file, 'beta', { account: 'tunnel-beta', port: 9012 })).rejects.toThrow(
    /customers\.beta\.port: acme has the same one/,
  );
  await expect(addCustomer(world.file, 'acme', { account: 'x', port: 1 })).rejects.toThrow(
    'acme is already in it',
  );
  await expect(addCustomer(world.file, 'ACME', { account: 'tunnel-acme', port: 9014 })).rejects.toThrow(
    /acme is already in it, and differs in case only/,
  );
  await expect(changeCustomer(world.file, 'acne', {})).rejects.toThrow(
    /no customer "acne"; did you mean acme\?/,
  );
  expect(await readFile(world.file, 'utf8')).toBe(text);
  expect(await readdir(world.path)).toEqual(['customers.json']);
});

test('a read-only file is not replaced, not even by root', async () => {
  await using world = await customersFile(text);
  await chmod(world.file, 0o444);
  await expect(changeCustomer(world.file, 'acme', { port: 1 })).rejects.toThrow(
    /customers\.json: it is read-only/,
  );
});

test('the lock of a dead writer is removed; that of a live one is awaited', async () => {
  await using world = await customersFile(text);
  const left = `${world.file}.new`;
  await writeFile(left, 'half');
  await utimes(left, new Date(0), new Date(0));
  await changeCustomersFile(world.file, (before) => before.replace('9012', '9014'));
  expect(await readFile(world.file, 'utf8')).toContain('9014');
  expect(await readdir(world.path)).toEqual(['customers.json']);
});

test('the lock of a dead writer does not admit two at once', async () => {
  await using world = await customersFile(text);
  const left = `${world.file}.new`;
  await writeFile(left, 'half');
  await utimes(left, new Date(0), new Date(0));
  const ports = Array.from({ length: 12 }, (_, index) => 9100 + index);
  await Promise.all(
    ports.map((port) => addCustomer(world.file, `c${port}`, { account: `tunnel-c${port}`, port })),
  );
  const { customers } = JSON.parse(await readFile(world.file, 'utf8'));
  expect(Object.keys(customers)).toHaveLength(13);
  expect(await readdir(world.path)).toEqual(['customers.json']);
});

test('a writer whose lock was removed writes nothing and removes nothing', async () => {
  await using world = await customersFile(text);
  const lock = `${world.file}.new`;
  let turns = 0;
  const done = changeCustomersFile(world.file, (before) => {
    if (turns++ === 0) {
      // It stood still for so long that another one took it for dead.
      unlinkSync(lock);
      writeFileSync(lock, 'of another one');
    }
    return before.replace('9012', '9014');
  });
  await expect.poll(() => turns).toBe(1);
  await sleep(200);
  expect(await readFile(lock, 'utf8')).toBe('of another one');
  expect(await readFile(world.file, 'utf8')).toBe(text);
  // When the other one is done, it is this one's turn again.
  await writeFile(world.file, text.replace('02-123', '02-456'));
  unlinkSync(lock);
  expect(await done).toBe(true);
  expect(turns).toBe(2);
  expect(await readFile(world.file, 'utf8')).toContain('02-456');
  expect(await readFile(world.file, 'utf8')).toContain('9014');
});

test('a missing file is created for a new gateway, otherwise an error', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'customers.json');
  await expect(addCustomer(file, 'acme', { account: 'a', port: 1 })).rejects.toThrow('there is no such file');
  await changeGateway(file, { host: 'gateway.example.com' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    gateway: { host: 'gateway.example.com' },
    customers: {},
  });
});
