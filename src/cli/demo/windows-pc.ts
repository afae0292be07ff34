import type { ExecHandler } from '../../mock-server/index.ts';
import { invoice, koreanOutput } from './scene.ts';

/** What doctor's script would print on a healthy Windows PC. */
const look = {
  mode: 'FullLanguage',
  powershell: '5.1.22621.4391',
  elevated: 'yes',
  wmi: 'yes',
  shell: '',
  longpaths: '1',
  free: '250000000000',
  start: 'Automatic',
  sleep: '0',
};

/** A Korean Windows PC that knows the demo's command and doctor's questions. */
export const windowsPc: ExecHandler = ({ command, fallback }) => {
  if (command === invoice) return { stdout: koreanOutput, delayMs: 300 };
  if (command === 'chcp') return '활성 코드 페이지: 949\r\n';
  if (command === 'cmd /d /q') return { stdout: 'C:\\>', echoStdin: true };
  if (command.startsWith('echo ')) {
    return `${command.slice(5).replaceAll('%COMSPEC%', 'C:\\Windows\\system32\\cmd.exe')}\r\n`;
  }
  const [, encoded] = / -EncodedCommand ([A-Za-z0-9+/]+=*)$/.exec(command) ?? [];
  if (encoded === undefined) return fallback();
  const script = Buffer.from(encoded, 'base64').toString('utf16le');
  if (script.includes('ToUnixTimeMilliseconds')) return `${Date.now()}\r\n`;
  if (!script.includes('powercfg')) return fallback();
  return Object.entries(look)
    .map(([name, value]) => `${name}=${value}\r\n`)
    .join('');
};
