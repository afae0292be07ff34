import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assign } from '../../src/tunnel/script/gateway-script.ts';
import {
  notes,
  process as processFunctions,
  readNote,
  want,
  writeNote,
} from '../../src/tunnel/script/scripts.generated.ts';

const note = '300 600 b1';
let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'notes-'));
  folder = join(home, '.notes');
  await mkdir(folder);
  await writeFile(join(folder, '9012'), `${note}\n`);
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** In a real sh, as the account whose home it is: `id` says so. */
async function run(script: string): Promise<string[]> {
  const line = `id() { echo 1000; }; ${assign({ notes: '.notes', port: 9012 })}; ${script}`;
  const options = { env: { ...process.env, HOME: home }, timeout: 60_000 };
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], options).catch((error) => {
    // The last test of the script is its exit code.
    if (error.killed) throw error;
    return error as { stdout: string };
  });
  return stdout.split('\n').filter(Boolean);
}

it('reads the notes of tunnels', async () => {
  await writeFile(join(folder, '9013'), '301 601 b1');
  expect(await run(notes)).toEqual([`note 9012 ${note}`, 'note 9013 301 601 b1']);
  expect(await run(readNote)).toEqual([`note ${note}`]);
});

it('does not wait for a pipe, follow a link, or read an endless file', async () => {
  execFileSync('mkfifo', [join(folder, '9001')]);
  await symlink('/dev/zero', join(folder, '9002'));
  await symlink(join(folder, '9012'), join(folder, '9003'));
  await writeFile(join(folder, '9004'), '');
  await truncate(join(folder, '9004'), 2 ** 33);
  await mkdir(join(folder, '9005'));
  expect(await run(notes)).toEqual([`note 9012 ${note}`]);
  await rm(join(folder, '9012'));
  execFileSync('mkfifo', [join(folder, '9012')]);
  expect(await run(readNote)).toEqual([]);
});

it('returns only valid notes, whatever the names, contents and number of files', async () => {
  await writeFile(join(folder, '9\nuid 0'), note);
  await writeFile(join(folder, '8000'), '1 2 3 4\nuid 0\n');
  await writeFile(join(folder, '8001'), '* / x\nuid 0\n');
  expect(await run(notes)).toEqual(['note 8001 * / x', `note 9012 ${note}`]);
  for (let port = 1; port <= 250; port++) await writeFile(join(folder, `${port}`), note);
  expect(await run(notes)).toHaveLength(200);
}, 90_000);

it('records when the tunnel was up, and reports who last requested the port', async () => {
  const asA = `boot=b1; ${assign({ machine: 'pc-a', tunnel: 'a', every: 60, took: 20 })}`;
  const asB = `boot=b1; ${assign({ machine: 'pc-b', tunnel: 'b' })}`;
  // No sshd starts this shell.
  const write = `${asA}; ${processFunctions}; is_sshd() { true; }; ${writeNote}`;
  const first = await run(write);
  expect(first).toEqual([expect.stringMatching(/^noted \d+ \d+ b1$/), expect.stringMatching(/^now \d+$/)]);
  expect(await run(readNote)).toEqual([expect.stringMatching(/^note \d+ \d+ b1 pc-a a \d+ 60 20$/)]);
  expect(await run(notes)).toEqual([expect.stringMatching(/^note 9012 \d+ \d+ b1$/)]);
  await run(`${asB}; ${want}`);
  expect(await run(write)).toContainEqual(expect.stringMatching(/^wanted b1 \d+ pc-b b$/));
  expect((await readdir(folder)).sort()).toEqual(['9012', '9012.wanted']);
});
