import type { ExecContext, MockCommand } from '../types.ts';

/** What a mock server does without a handler of the user's: the minimum that a test of the plumbing needs. */
export function defaultCommand({ command }: Pick<ExecContext, 'command'>): MockCommand {
  const [name = '', ...rest] = command.trim().split(/\s+/);
  switch (name) {
    case 'true':
      return {};
    case 'false':
      return { exitCode: 1 };
    case 'echo':
      return { stdout: `${unquote(command.trim().slice(4).trim())}\n` };
    case 'cat':
      return rest.length === 0 ? { echoStdin: true } : notFound(command);
    case 'sleep':
      return { delayMs: Number(rest[0]) * 1000 || 0 };
    case 'exit':
      return { exitCode: Number(rest.at(-1) ?? 0) || 0 };
    default:
      return notFound(name);
  }
}

function notFound(name: string): MockCommand {
  return { stderr: `sh: 1: ${name}: not found\n`, exitCode: 127 };
}

/** `echo "a b"` and `echo 'a b'` print what is between the quotes. */
function unquote(text: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return quoted?.[2] ?? text;
}
