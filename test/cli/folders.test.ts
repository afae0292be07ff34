import { expect, test } from 'vitest';
import { startWorld } from './world.ts';

test('ls shows names, in long form with type, size and time in UTC, escaped for the terminal', async () => {
  await using world = await startWorld();
  expect((await world.run('mkdir', ['--parents', world.address, '/rpa/out/2026'])).exitCode).toBe(0);
  world.server.files.write('/rpa/out/송장.json', 'abc');
  world.server.files.write('/rpa/out/a\u001b[2J', '');
  const short = await world.run('ls', [world.address, '/rpa/out']);
  expect(short.stdout.toString()).toBe('2026/\na\\x1b[2J\n송장.json\n');
  const { stdout } = await world.run('ls', ['--long', world.address, '/rpa/out']);
  expect(stdout.toString()).toMatch(/^file +\d+ +3 +\d{4}-\d\d-\d\dT[\d:]{8}Z +송장\.json$/m);
  const json = await world.run('ls', ['--json', world.address, '/rpa/out/송장.json']);
  expect(JSON.parse(json.stdout.toString())).toMatchObject([{ name: '/rpa/out/송장.json', size: 3 }]);
});

test('ls without a path lists the login directory, and mkdir says how to create parents', async () => {
  await using world = await startWorld();
  world.server.files.write('in-home.txt', 'abc');
  const home = await world.run('ls', [world.address]);
  expect(home.stdout.toString()).toMatch(/^in-home\.txt$/m);
  const elsewhere = await world.run('mkdir', [world.address, '/above/is/missing']);
  expect(elsewhere.exitCode).toBe(1);
  expect(elsewhere.stderr.toString()).toContain('The parent folder is missing: --parents creates it too.');
});

test.each([2, 10])('mkdir recognizes a missing parent by status %i', async (status) => {
  await using world = await startWorld({ faults: { sftp: { failOp: { op: 'MKDIR', status } } } });
  const { exitCode, stderr } = await world.run('mkdir', [world.address, '/above/new']);
  expect(exitCode).toBe(1);
  expect(stderr.toString()).toContain('The parent folder is missing: --parents creates it too.');
});

test('a refusal of the server is 1, also as JSON; an empty path is a usage error', async () => {
  await using world = await startWorld();
  const { exitCode, stdout } = await world.run('ls', ['--json', world.address, '/absent']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout.toString())).toMatchObject({ error: { code: 'SSH_SFTP_FAILED', exitCode: 1 } });
  expect((await world.run('mkdir', [world.address, '/a/b'])).exitCode).toBe(1);
  expect((await world.run('mkdir', [world.address, ''])).exitCode).toBe(2);
});
