import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** PowerShell 7. */
export const pwsh = process.env['PWSH'] ?? 'pwsh';

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program to its end. */
export function finish(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 100_000, maxBuffer: 1 << 22 };
    execFile(file, args, options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
      const late = error?.killed ? `\n${file} had not ended after ${options.timeout / 1_000} s` : '';
      resolve({ code, out: stdout, err: `${stderr}${late}` });
    });
  });
}

/** The sh script of a PC, with `systemctl` stood in for: it remembers, and starts nothing. */
export class LinuxPc {
  readonly state: string;
  readonly file: string;
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.file = join(folder, 'setup.sh');
    this.state = join(folder, 'state');
  }

  static async make(folder: string, script: string): Promise<LinuxPc> {
    const pc = new LinuxPc(folder);
    await mkdir(join(folder, 'bin'), { recursive: true });
    await mkdir(join(folder, 'units'), { recursive: true });
    await writeFile(pc.file, script);
    const systemctl = `#!/bin/sh
echo "$*" >>${folder}/systemctl.log
case $1 in
  is-enabled) [ -e ${folder}/enabled ] ;;
  is-active) [ -e ${folder}/active ] ;;
  enable) touch ${folder}/enabled ;;
  start) touch ${folder}/active ;;
  disable) rm -f ${folder}/enabled ${folder}/active ;;
esac
`;
    await writeFile(join(folder, 'bin', 'systemctl'), systemctl, { mode: 0o755 });
    return pc;
  }

  run(...args: string[]): Promise<Ran> {
    const all = [this.file, ...args, '--state', this.state, '--unit-dir', join(this.folder, 'units')];
    return finish('/bin/sh', all, { PATH: `${this.folder}/bin:${process.env['PATH']}` });
  }

  /** What the service does. */
  start(state = this.state): ChildProcess {
    const env = { ...process.env, PATH: `${this.folder}/bin:${process.env['PATH']}` };
    return spawn('/bin/sh', [this.file, '--run', '--state', state], { stdio: 'inherit', env });
  }

  log(state = this.state): Promise<string> {
    return readFile(join(state, 'tunnel.log'), 'utf8').catch(() => '');
  }
}

/** The PowerShell script of a PC, run by a real PowerShell, with the cmdlets of Windows stood in for. */
export class WindowsPc {
  readonly state: string;
  readonly file: string;
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.file = join(folder, 'setup.ps1');
    this.state = join(folder, 'ProgramData', 'ssh-via-gateway', 'state');
  }

  static async make(folder: string, script: string): Promise<WindowsPc> {
    const pc = new WindowsPc(folder);
    await mkdir(join(folder, 'fake'), { recursive: true });
    await mkdir(join(folder, 'ProgramData'), { recursive: true });
    // Only Windows knows accounts of a domain.
    const ask =
      '([Security.Principal.NTAccount]$login).Translate([Security.Principal.SecurityIdentifier]).Value';
    await writeFile(pc.file, script.replace(ask, '(Resolve-FakeSid $login)'));
    return pc;
  }

  run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return this.call([...args, '-State', `'${this.state}'`], env);
  }

  /** With these words of PowerShell alone. */
  call(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    const standIns = join(import.meta.dirname, 'windows-stand-ins.ps1');
    const command = `. '${standIns}'; & '${this.file}' ${args.join(' ')}; exit $LASTEXITCODE`;
    return finish(pwsh, ['-NoProfile', '-NonInteractive', '-Command', command], {
      PWSH: pwsh,
      FAKE_WINDOWS: join(this.folder, 'fake'),
      ProgramData: join(this.folder, 'ProgramData'),
      ...env,
    });
  }

  /** The changes that the script has asked Windows for. */
  async calls(): Promise<string[]> {
    return (await readFile(join(this.folder, 'fake', 'calls'), 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean);
  }

  log(): Promise<string> {
    return readFile(join(this.state, 'tunnel.log'), 'utf8').catch(() => '');
  }
}

/** The public key in what a script has said. */
export function keyIn({ out }: Ran): string {
  const [, key = ''] = /--key "([^"]+)"/.exec(out) ?? [];
  return key;
}
