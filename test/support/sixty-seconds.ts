import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

/** A PC that is there, and who is let in. */
export interface FirstPc {
  host: string;
  port: number;
  username: string;
  privateKey: string;
  /** Of a server without drives: the folder that stands for `C:\\rpa`. */
  folder?: string;
}

export interface Said {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * The README's first minute as it stands, in an empty home folder with a key and nothing else: its doctor, then its
 * two programs. Only the host, the port and the account are those of a PC that is there.
 */
export async function firstMinute(pc: FirstPc): Promise<{
  doctor: Said;
  program: Said;
  job: Said;
  downloaded: string;
}> {
  const { command, code, jobCode } = await readmePath();
  const home = await mkdtemp(join(tmpdir(), 'sixty-'));
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  // Below node_modules, where the packages that they import are found.
  const built = await mkdtemp(join(cache, 'sixty-'));
  try {
    await mkdir(join(home, '.ssh'), { mode: 0o700 });
    await writeFile(join(home, '.ssh', 'id_ed25519'), pc.privateKey, { mode: 0o600 });
    await writeFile(join(home, 'in.json'), '{"invoice":12}');
    const cli = await bundle(join(built, 'cli.mjs'), `import '${join(root, 'src/cli/main.ts')}';`);
    const program = await bundle(join(built, 'program.mjs'), localise(code, pc));
    const job = await bundle(join(built, 'job.mjs'), localise(jobCode, pc));
    return {
      doctor: await run(home, [cli, ...localise(command, pc).split(' ')]),
      program: await run(home, [program]),
      job: await run(home, [job]),
      downloaded: await readFile(join(home, 'out.json'), 'utf8').catch(() => ''),
    };
  } finally {
    await rm(home, { recursive: true });
    await rm(built, { recursive: true });
  }
}

async function readmePath(): Promise<{ command: string; code: string; jobCode: string }> {
  const sections = (await readFile(join(root, 'README.md'), 'utf8')).split(/^## /m);
  const section = sections.find((one) => one.startsWith('Sixty seconds')) ?? '';
  const [, command] = /^```sh\nnpx ssh-via-gateway (.*)\n```$/m.exec(section) ?? [];
  const [code, jobCode] = [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  if (command === undefined || code === undefined || jobCode === undefined)
    throw new Error('README.md has no first minute');
  return { command, code, jobCode };
}

function localise(text: string, { host, port, username, folder }: FirstPc): string {
  return text
    .replaceAll('C:\\\\rpa\\\\', folder === undefined ? 'C:\\\\rpa\\\\' : `${folder}/`)
    .replace('rpa@gateway', `${username}@gateway`)
    .replace("'rpa'", `'${username}'`)
    .replaceAll('gateway.example.com', host)
    .replaceAll('9012', String(port));
}

async function bundle(outfile: string, contents: string): Promise<string> {
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    alias: { 'ssh-via-gateway': join(root, 'src/index.ts') },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    outfile,
    // package.json says that no file has side effects; a program is nothing else.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
  return outfile;
}

/** As a user's shell would: with `~` for the home folder, in that folder. */
function run(home: string, [file = '', ...args]: readonly string[]): Promise<Said> {
  const expanded = args.map((word) => word.replace(/^~(?=\/)/, home));
  const child = spawn(process.execPath, [file, ...expanded], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, USERPROFILE: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Said = { exitCode: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return new Promise((settle, reject) => {
    child.once('error', reject).once('close', (exitCode) => settle({ ...said, exitCode }));
  });
}
