import { describe, expect, it } from 'vitest';
import type { CommandFailed } from '../../src/errors/index.ts';
import { powershell } from '../../src/exec/powershell.ts';
import type { ExecContext } from '../../src/mock-server/index.ts';
import { commandsSeen, failureOf, startMock } from './mock.ts';

function scriptIn(command: string): string {
  return Buffer.from(command.split(' ').at(-1) ?? '', 'base64').toString('utf16le');
}

function inputOf({ stdin }: ExecContext): Promise<string> {
  let text = '';
  stdin.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return new Promise((resolve) => stdin.once('end', () => resolve(text)));
}

describe('powershell', () => {
  it('sends the script encoded, to the PowerShell that the server has', async () => {
    await using windows = await startMock({ windows: true, exec: () => 'done' });
    expect(await powershell(windows.opener, "'a' | Write-Output")).toMatchObject({
      command: "'a' | Write-Output",
      stdout: 'done',
    });
    const [command = ''] = commandsSeen(windows.server);
    expect(command).toMatch(/^powershell -NoProfile -NonInteractive .*-EncodedCommand \S+$/);
    expect(scriptIn(command)).toContain("''a'' | Write-Output");
    await using linux = await startMock(() => 0);
    await powershell(linux.opener, '1');
    expect(commandsSeen(linux.server)[0]).toMatch(/^pwsh /);
  });

  it("sends a long script through stdin, before the caller's input", async () => {
    await using mock = await startMock({ windows: true, exec: inputOf });
    const script = `# ${'x'.repeat(20_000)}`;
    const { stdout } = await powershell(mock.opener, script, { stdin: 'and the input' });
    expect(stdout.endsWith('and the input')).toBe(true);
    expect(Buffer.from(stdout.slice(0, -'and the input'.length), 'base64').toString()).toBe(script);
    await mock.idle();
  });

  it('turns the XML that PowerShell 5.1 writes to stderr back into text', async () => {
    const xml =
      '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' +
      '<S S="Error">no such file_x000D__x000A_</S></Objs>';
    await using mock = await startMock({ windows: true, exec: () => ({ stderr: xml, exitCode: 1 }) });
    const error = await failureOf<CommandFailed>(powershell(mock.opener, 'Get-Item nothing'));
    expect(error.stderr).toBe('no such file\r\n');
    expect(error.message).toMatch(/exited with code 1; stderr: no such file$/);
  });

  it('rejects other shells before anything is sent', async () => {
    await using mock = await startMock();
    expect(() => powershell(mock.opener, '1', { shell: 'cmd' as 'pwsh' })).toThrow('shell');
    expect(commandsSeen(mock.server)).toEqual([]);
  });
});
