/**
 * A model of the phases in which cmd.exe reads one line that was given with `/c`, written from `cmd /?` and the
 * known description of its phases (percent expansion; then quotes, carets and operators). It knows what the quoting
 * must survive, not what built-ins do.
 */
export interface CmdCommand {
  /** `&`, `&&`, `||`, `|`, or empty for the first. */
  operator: string;
  /** What is left for the program after all phases. */
  text: string;
}

/** `outer` quotes: how sshd on Windows passes a command on, with them, or, with a pty, without. */
export function readByCmd(
  command: string,
  variables: Readonly<Record<string, string>>,
  outer: boolean,
): CmdCommand[] {
  const line = stripOuterQuotes(outer ? `"${command}"` : command);
  return splitCommands(expandPercent(line, variables));
}

/** What a line of a batch file with `%*` in it becomes: parameters are pasted in, not looked through again. */
export function readByBatchFile(text: string): CmdCommand[] {
  return splitCommands(`program.exe ${text}`);
}

// `cmd /?`: unless it is just one quoted file name, the first quote and the last one go.
function stripOuterQuotes(line: string): string {
  if (!line.startsWith('"')) return line;
  const last = line.lastIndexOf('"');
  return line.slice(1, last) + line.slice(last + 1);
}

function expandPercent(line: string, variables: Readonly<Record<string, string>>): string {
  const upper = new Map(Object.entries(variables).map(([name, value]) => [name.toUpperCase(), value]));
  let out = '';
  let position = 0;
  while (position < line.length) {
    const found = line[position] === '%' ? variableAt(line, position, upper) : undefined;
    out += found ? found.value : line[position];
    position += found ? found.length : 1;
  }
  return out;
}

function variableAt(line: string, start: number, variables: Map<string, string>) {
  const rest = line.slice(start + 1);
  const name = /^([^%:]+)(%|:[^%]*%)/.exec(rest) ?? /^([^%]+)(%)/.exec(rest);
  const value = name && variables.get((name[1] ?? '').toUpperCase());
  if (!name || value === undefined) return undefined;
  // %NAME:a=b% and %NAME:~1,2% give some other text; which one does not matter here.
  return { value: name[2] === '%' ? value : `expanded(${value})`, length: name[0].length + 1 };
}

function splitCommands(line: string): CmdCommand[] {
  const commands: CmdCommand[] = [{ operator: '', text: '' }];
  let inQuotes = false;
  for (let position = 0; position < line.length; position += 1) {
    const current = commands[commands.length - 1] as CmdCommand;
    const character = line[position] ?? '';
    if (character === '\n') throw new Error('cmd.exe stops reading at a line break');
    if (character === '"') inQuotes = !inQuotes;
    if (inQuotes || !/[\^&|<>()]/.test(character)) {
      current.text += character;
      continue;
    }
    if (character === '^') {
      position += 1;
      current.text += line[position] ?? '';
    } else if (character === '&' || character === '|') {
      const twice = line[position + 1] === character;
      if (twice) position += 1;
      commands.push({ operator: twice ? character + character : character, text: '' });
    } else {
      throw new Error(`a redirection or a parenthesis at ${position} of ${line}`);
    }
  }
  return commands.map(({ operator, text }) => ({ operator, text: text.trim().replace(/^@/, '') }));
}
