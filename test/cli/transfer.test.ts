import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startWorld } from './world.ts';

test('a file goes up and comes back, and the result is told in one line', async () => {
  await using world = await startWorld({ windows: true });
  const local = join(world.folder, 'in.bin');
  const content = randomBytes(100_000);
  await writeFile(local, content);
  world.server.files.mkdir('C:\\rpa');
  const up = await world.run('put', [world.address, local, 'C:\\rpa\\in.bin']);
  expect(up.exitCode).toBe(0);
  expect(up.stderr).toMatch(/^1 file, 100 kB in .+ \(.+\/s\)\n$/);
  expect(world.server.files.read('C:/rpa/in.bin')).toEqual(content);
  const back = join(world.folder, 'back.bin');
  expect((await world.run('get', ['-q', world.address, '/C:/rpa/in.bin', back])).stderr).toBe('');
  expect(await readFile(back)).toEqual(content);
});

test('a folder goes up', async () => {
  await using world = await startWorld();
  const local = join(world.folder, 'robot');
  await mkdir(join(local, 'sub'), { recursive: true });
  await writeFile(join(local, 'a.txt'), 'a');
  await writeFile(join(local, 'sub', 'b.txt'), 'b');
  const { stdout } = await world.run('put', ['--json', world.address, local, '/robot']);
  expect(JSON.parse(stdout.toString())).toMatchObject({ files: 2, bytes: 2 });
  expect(world.server.files.text('/robot/sub/b.txt')).toBe('b');
});

test('on a terminal a bar is drawn, and taken away in the end', async () => {
  await using world = await startWorld({ faults: { throttle: { bytesPerSecond: 1_000_000 } } });
  const local = join(world.folder, 'in.bin');
  await writeFile(local, randomBytes(800_000));
  const { stderr } = await world.run('put', [world.address, local, '/in.bin'], { terminal: true });
  expect(stderr).toMatch(/\rin\.bin +\d+ % \[=*>? *\] +\d/);
  expect(stderr).toMatch(/\/s +00:0\d left/);
  expect(stderr).toMatch(/\r\x1b\[K1 file, 800 kB/);
});

test('without a terminal no bar is drawn', async () => {
  await using world = await startWorld();
  const local = join(world.folder, 'in.bin');
  await writeFile(local, randomBytes(500_000));
  expect((await world.run('put', [world.address, local, '/in.bin'])).stderr).not.toContain('\r');
});

test('a target folder that is not there is a failure: 1, with the reason', async () => {
  await using world = await startWorld();
  const { exitCode, stderr } = await world.run('get', [world.address, '/absent', join(world.folder, 'x')]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('/absent');
});

test('a local file that is not there is a failure before anything is sent', async () => {
  await using world = await startWorld();
  const { exitCode, stderr } = await world.run('put', [world.address, join(world.folder, 'absent'), '/x']);
  expect(exitCode).toBeGreaterThan(0);
  expect(stderr).toContain('absent');
});

test('Ctrl-C stops a transfer with 130 and leaves nothing under the name', async () => {
  await using world = await startWorld({ faults: { throttle: { bytesPerSecond: 100_000 } } });
  const local = join(world.folder, 'in.bin');
  await writeFile(local, randomBytes(2_000_000));
  const running = world.run('put', [world.address, local, '/in.bin']);
  await vi.waitFor(() => expect(world.server.files.list().join()).toContain('in.bin'), 10_000);
  running.stop();
  expect((await running).exitCode).toBe(130);
  expect(world.server.files.has('/in.bin')).toBe(false);
});

test('a connection that is lost in the middle is 255', async () => {
  await using world = await startWorld({
    faults: { cut: { direction: 'toServer', atByte: 200_000, how: 'rst' } },
  });
  const local = join(world.folder, 'in.bin');
  await writeFile(local, randomBytes(2_000_000));
  expect((await world.run('put', [world.address, local, '/in.bin'])).exitCode).toBe(255);
});
