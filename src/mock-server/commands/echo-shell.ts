import type { ShellContext } from '../types.ts';
import { defaultCommand } from './default-commands.ts';

/** The longest line of input: a client that never ends one must not fill the memory. */
const longestLine = 4_096;

/** A minimal shell for a terminal: echoes what is typed, and runs the commands that the server knows. */
export function echoShell(shell: ShellContext, prompt: string): void {
  const say = (text: string) => void shell.stdout.write(text.replace(/\r?\n/g, '\r\n'));
  let line = '';
  const run = () => {
    const command = line.trim();
    line = '';
    const [name, ...rest] = command.split(/\s+/);
    if (name === 'exit') return shell.exit(Number(rest[0] ?? 0) || 0);
    if (command === 'stty size') say(`${shell.pty?.rows ?? 0} ${shell.pty?.cols ?? 0}\n`);
    else if (command !== '') {
      const { stdout = '', stderr = '' } = defaultCommand({ command });
      say(`${stdout}${stderr}`);
    }
    say(prompt);
  };
  const keys: Record<string, () => void> = {
    '\r': () => {
      say('\n');
      run();
    },
    '\x03': () => {
      line = '';
      say(`^C\n${prompt}`);
    },
    '\x04': () => {
      if (line === '') shell.exit(0);
    },
    '\x7f': () => {
      if (line !== '') say('\b \b');
      line = line.slice(0, -1);
    },
  };
  keys['\n'] = keys['\r'] as () => void;
  shell.stdin.setEncoding('utf8');
  shell.stdin.on('data', (typed: string) => {
    for (const key of typed) {
      const act = keys[key];
      if (act) act();
      else if (line.length < longestLine) {
        line += key;
        say(key);
      }
    }
  });
  shell.stdin.once('end', () => shell.exit(0));
  say(prompt);
}
