import { quoteMsvcrtArg } from '../../exec/quote/msvcrt.ts';
import { powerShellString } from '../../exec/quote/powershell.ts';
import { installTask, removeTask, taskState } from './scripts.generated.ts';
import { type Execute, must, type ServiceManager } from './service.ts';

/** For Windows: a scheduled task that runs as SYSTEM. */
export function windowsTask(execute: Execute): ServiceManager {
  const run = (script: string, variables: Record<string, string>) =>
    must(execute, 'powershell.exe', powerShellArgs(script, variables));
  return {
    async install({ name, title, argv: [program = '', ...args] }) {
      const words = { name, title, program, arguments: args.map(quoteMsvcrtArg).join(' ') };
      const answer = await run(installTask, words);
      return answer.includes('same') ? [] : [`created and started the scheduled task ${name}`];
    },
    async uninstall(name) {
      const answer = await run(removeTask, { name });
      return answer.includes('same') ? [] : [`ended and removed the scheduled task ${name}`];
    },
    async status(name) {
      const details = (await run(taskState, { name })).trim();
      return { isInstalled: details !== '', isRunning: details === 'Running', details };
    },
  };
}

export function powerShellArgs(script: string, variables: Readonly<Record<string, string>>): string[] {
  const head = Object.entries(variables).map(([name, value]) => `$${name} = ${powerShellString(value)}\n`);
  const text = Buffer.from([...head, script].join(''), 'utf16le').toString('base64');
  return ['-NoProfile', '-NonInteractive', '-EncodedCommand', text];
}
