import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCommandLine } from '../../src/exec/command-line/command-line.ts';
import { quote } from '../../src/exec/quote/index.ts';
import { quoteMsvcrtArg } from '../../src/exec/quote/msvcrt.ts';
import { arbitraryArgument } from '../support/arbitrary-argv.ts';
import { callByPowerShell } from '../support/powershell-model.ts';
import { Wine } from './windows/wine.ts';

/*
 * Real programs, real CreateProcess, and wine's own msvcrt.dll (it splits the arguments as Microsoft's does) and
 * cmd.exe. wine's cmd.exe is not Microsoft's. Where they differ the unit tests' model has to do:
 * - it drops carets before it looks for variables, so that `^%PATH^%` is expanded: no % in these tests;
 * - it expands variables command by command, where the real one has expanded the whole line before it starts;
 * - it runs what follows `||` after a success as well.
 */
describe('on Windows, as wine has it', () => {
  let wine: Wine;

  beforeAll(async () => {
    wine = new Wine();
    await wine.run([`"${wine.printArgv}"`]);
  }, 60_000);
  afterAll(() => wine?.remove());

  /** Hundreds of arguments in few processes: words behind each other are as independent as in many processes. */
  function batches(
    count: number,
    size: number,
    options: { lineBreaks: boolean; percent: boolean },
  ): string[][] {
    const argument = arbitraryArgument(options).map((text) =>
      options.percent ? text : text.replaceAll('%', '^'),
    );
    return fc.sample(fc.array(argument, { minLength: size, maxLength: size }), count);
  }

  it("gives quoteMsvcrtArg's arguments back through the C runtime", async () => {
    const argvs = batches(40, 150, { lineBreaks: true, percent: true });
    const results = await wine.run(
      argvs.map((args) => [`"${wine.printArgv}"`, ...args.map(quoteMsvcrtArg)].join(' ')),
    );
    expect(results).toEqual(argvs.map((args) => ({ printed: [args], exitCode: 0 })));
  });

  it.each([
    ['in quotes, as sshd runs it', (command: string) => `"${command}"`],
    ['bare, as sshd runs it for a pty', (command: string) => command],
  ])("gives quote.cmd's arguments back through cmd.exe /c %s", async (_, wrap) => {
    const argvs = batches(30, 60, { lineBreaks: false, percent: false });
    const results = await wine.run(
      argvs.map((args) => `cmd.exe /c ${wrap(quote.cmd([wine.printArgvWithSpaces, ...args]))}`),
    );
    expect(results).toEqual(argvs.map((args) => ({ printed: [args], exitCode: 0 })));
  });

  it("gives quote.cmd's arguments back through a batch file that hands on %*", async () => {
    const argvs = batches(10, 40, { lineBreaks: false, percent: false }).map((args) => [
      'C:\\data dir\\',
      ...args.map((text) => text.replaceAll('"', '\\')),
    ]);
    const batch = wine.batchFile('hands-on.cmd', `@"${wine.printArgv}" %*\r\n`);
    const results = await wine.run(argvs.map((args) => `cmd.exe /c "${quote.cmd([batch, ...args])}"`));
    expect(results).toEqual(argvs.map((args) => ({ printed: [args], exitCode: 0 })));
  });

  it("gives quote.powershell's arguments back through the C runtime, pasted together as 5.1 and 7 do", async () => {
    const argvs = batches(20, 60, { lineBreaks: true, percent: true });
    for (const version of ['5.1', '7'] as const) {
      const lines = argvs.map((args) => {
        const call = callByPowerShell(quote.powershell([wine.printArgv, ...args]), version);
        return `"${call.program}" ${call.pasted}`;
      });
      expect(await wine.run(lines)).toEqual(argvs.map((args) => ({ printed: [args], exitCode: 0 })));
    }
  });

  it('starts a program from a folder with spaces and runs in one', async () => {
    const cwd = 'C:/Program Files/Common Files';
    const line = buildCommandLine({ command: [wine.printArgv, '--cwd'], shell: 'cmd', cwd });
    const missing = buildCommandLine({
      command: [wine.printArgv, 'ran'],
      shell: 'cmd',
      cwd: 'C:/no such (folder)',
    });
    expect(line).toContain(' || exit 1 & ');
    expect(
      await wine.run([`cmd.exe /c "${line.replace(' || exit 1 & ', ' & ')}"`, `cmd.exe /c "${missing}"`]),
    ).toEqual([
      { printed: [['C:\\Program Files\\Common Files']], exitCode: 0 },
      { printed: [], exitCode: 1 },
    ]);
  });

  it('gives every value back from the environment', async () => {
    const values = [...fc.sample(arbitraryArgument({ lineBreaks: false }), 40), ' a ', 'a"&b', '"', '^']
      .map((value) => value.replaceAll('%', '^'))
      .filter((value) => value !== '');
    const lines = values.map((value) => {
      const command = [wine.printArgv, '--env', 'SOME_VALUE'];
      return `cmd.exe /c "${buildCommandLine({ command, shell: 'cmd', env: { SOME_VALUE: value } })}"`;
    });
    expect(await wine.run(lines)).toEqual(values.map((value) => ({ printed: [[value]], exitCode: 0 })));
  });
});
