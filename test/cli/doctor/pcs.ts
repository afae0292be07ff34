import type { ExecHandler, Faults, MockServerOptions } from '../../../src/mock-server/index.ts';
import { decodeCommand } from '../../support/decode-powershell.ts';
import { at } from './situation.ts';

export interface Pc {
  /** What commands answer, by how they begin. */
  answers?: Record<string, string>;
  /** Milliseconds by which its clock is wrong. */
  clock?: number;
}

/** A POSIX PC, as far as doctor asks. */
export const posix =
  ({ answers = {}, clock = 0 }: Pc = {}): ExecHandler =>
  (context) => {
    const { command } = context;
    const found = Object.keys(answers).find((start) => command.startsWith(start));
    if (found !== undefined) return answers[found];
    if (command.includes('$0')) return 'ssh-via-gateway-doctor %COMSPEC% bash\n';
    if (command.startsWith('date')) return `${new Date(Date.now() + clock).toISOString().slice(0, 19)}Z\n`;
    if (command.startsWith('locale')) return 'UTF-8\n';
    if (command.startsWith('df'))
      return 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100000000 1 90000000 1% /\n';
    return context.fallback();
  };

/** A Windows PC with this code page, and what it tells of itself. */
export const windows =
  (codePage: string, look = ''): ExecHandler =>
  ({ command }) => {
    if (command.includes('$0')) return 'ssh-via-gateway-doctor C:\\Windows\\system32\\cmd.exe $0\r\n';
    if (command === 'chcp') return codePage;
    if (command === 'cmd /d /q') return { stdout: 'C:\\>', echoStdin: true };
    if (!command.includes('-EncodedCommand')) return 127;
    const script = decodeCommand(command);
    if (script.includes('powercfg')) return look;
    return script.includes('ToUnixTimeMilliseconds') ? `${Date.now()}\r\n` : 127;
  };

export const pc = (options: Pc, more: MockServerOptions = {}, ...args: string[]) =>
  at({ exec: posix(options), ...more }, ...args);
export const faulty = (faults: Faults, ...args: string[]) => at({ exec: posix(), faults }, ...args);
