import { socketPathOf } from '../../customers/connect-options.ts';
import type { Customer, CustomerGateway } from '../../customers/types.ts';
import { posixWord } from '../../exec/quote/posix.ts';
import { powerShellString } from '../../exec/quote/powershell.ts';
import { tunnelLinux, tunnelWindows } from './scripts.generated.ts';

interface PcOptions {
  system: 'linux' | 'windows';
  /** The port of the SSH server on the PC. */
  targetPort: number;
  /** The workers' public key, for the account on the PC. */
  workerKey?: string | undefined;
}

/** The place for the settings in a script. */
const mark = /^# --- settings ---$/m;

/**
 * The one script that a PC needs. It contains no secret: the tunnel's key is generated on the PC.
 * @throws {TypeError} if the gateway's host key, which the script pins, is not known.
 */
export function pcScript(gateway: CustomerGateway, customer: Customer, options: PcOptions): string {
  const settings = Object.entries(settingsOf(gateway, customer, options));
  if (options.system === 'linux') {
    return withSettings(
      tunnelLinux,
      settings.map(([name, value]) => `${name}=${posixWord(value)}`),
    );
  }
  const lines = settings.map(([name, value]) => `$${name} = ${asciiString(value)}`);
  return withSettings(tunnelWindows, lines).replaceAll('\n', '\r\n');
}

function withSettings(script: string, lines: readonly string[]): string {
  return script.replace(mark, () => lines.join('\n'));
}

/** A PowerShell string in pure ASCII, so that no code page can change it. */
function asciiString(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return powerShellString(text);
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `[regex]::Unescape(${powerShellString(escaped)})`;
}

function settingsOf(
  gateway: CustomerGateway,
  customer: Customer,
  options: PcOptions,
): Record<string, string> {
  const { code, account, port, username, route } = customer;
  if (gateway.hostKey.length === 0) {
    throw new TypeError(
      'option customers: the file has no gateway.hostKey, which the PC must pin; setup gateway --apply writes it',
    );
  }
  const alias = `gateway-of-${code}`;
  return {
    code,
    gateway_host: gateway.host,
    gateway_port: String(gateway.port),
    alias_name: alias,
    known_hosts: gateway.hostKey.map((key) => `${alias} ${key}`).join('\n'),
    account,
    port: String(port),
    listen: route === 'published' ? '*:' : '',
    socket: route === 'socket' ? socketPathOf(customer) : '',
    target: `127.0.0.1:${options.targetPort}`,
    login: username,
    worker_key: options.workerKey ?? '',
  };
}
