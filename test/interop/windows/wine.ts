import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compiler = 'x86_64-w64-mingw32-gcc';
const install = 'apt-get install --no-install-recommends wine wine64 gcc-mingw-w64-x86-64-win32';

const withSpaces = "print (argv) & it's ^ 한글!.exe";

export interface WindowsResult {
  /** What each process printed: its arguments. */
  printed: string[][];
  exitCode: number;
}

/** Windows programs under wine, in a home folder of their own. */
export class Wine {
  readonly folder = mkdtempSync(join(tmpdir(), 'wine-'));

  constructor() {
    for (const tool of ['wine', compiler]) requireTool(tool);
    for (const name of ['print-argv', 'launch']) {
      const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
      const unicode = name === 'print-argv' ? ['-municode'] : [];
      execFileSync(compiler, [...unicode, '-Os', '-s', '-o', join(this.folder, `${name}.exe`), source]);
    }
    copyFileSync(join(this.folder, 'print-argv.exe'), join(this.folder, withSpaces));
  }

  /** The program that prints its arguments, as Windows names it. */
  get printArgv(): string {
    return this.#path('print-argv.exe');
  }

  /** The same under a name that needs quotes. */
  get printArgvWithSpaces(): string {
    return this.#path(withSpaces);
  }

  /** Writes a batch file; its name as Windows has it. */
  batchFile(name: string, text: string): string {
    writeFileSync(join(this.folder, name), text);
    return this.#path(name);
  }

  #path(name: string): string {
    return `Z:${this.folder.replaceAll('/', '\\')}\\${name}`;
  }

  /** Starts each command line through CreateProcess. */
  async run(commandLines: string[]): Promise<WindowsResult[]> {
    const output = await this.#launch(commandLines.map((line) => `${toHex(line)}\n`).join(''));
    const results: WindowsResult[] = [];
    let printed: string[][] = [];
    for (const line of output.split(/\r?\n/)) {
      const exit = /^exit (\d+)$/.exec(line);
      if (exit) {
        results.push({ printed, exitCode: Number(exit[1]) });
        printed = [];
      } else if (line.startsWith('-') || line === '') {
        printed.push(line === '' ? [] : line.split(',').map(fromHex));
      }
    }
    return results;
  }

  /** Debian's wine keeps its sockets in a folder of /tmp; the home folder has the name of it in a file. */
  remove(): void {
    const note = join(this.folder, 'prefix', 'wineserver');
    const sockets = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
    if (/^wine-\w+$/.test(sockets)) rmSync(join('/tmp', sockets), { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #launch(input: string): Promise<string> {
    const env = { ...process.env, WINEPREFIX: join(this.folder, 'prefix'), WINEDEBUG: '-all', DISPLAY: '' };
    const child = spawn('wine', [join(this.folder, 'launch.exe')], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    return new Promise((resolve, reject) => {
      let output = '';
      child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text));
      child.once('error', reject).once('close', () => resolve(output));
      child.stdin.end(input);
    });
  }
}

function requireTool(tool: string): void {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
  } catch {
    throw new Error(`${tool} is missing; this test runs real Windows programs: ${install}`);
  }
}

function toHex(text: string): string {
  return Array.from({ length: text.length }, (_, index) =>
    text.charCodeAt(index).toString(16).padStart(4, '0'),
  ).join('');
}

function fromHex(hex: string): string {
  const units = hex.slice(1).match(/.{4}/g) ?? [];
  return String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)));
}
