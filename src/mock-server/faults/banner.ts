import type { ServerConnection } from '../wire/connection.ts';
import type { BannerFault } from './fault-types.ts';

const line = `${'no end of lines before the identification '.repeat(20)}\r\n`;

/** Starts SSH on a connection, or does what its banner fault says instead. */
export function startBanner(connection: ServerConnection, begin: () => void): void {
  const fault = connection.faults.banner;
  if (fault === undefined) return begin();
  connection.note({ type: 'fault', fault: `banner ${nameOf(fault)}` });
  if (fault === 'mute') return connection.cut('freeze');
  if ('delayMs' in fault) connection.later(fault.delayMs, begin);
  if ('splitBytes' in fault) startSplit(connection, fault, begin);
  if ('garbage' in fault) sayGarbage(connection, fault);
  if ('close' in fault) closeWithoutWord(connection, fault);
  if ('preLines' in fault) {
    for (const text of fault.preLines) connection.link.sendRaw(`${text}\r\n`);
    begin();
  }
  if ('endless' in fault) pourLines(connection);
}

function nameOf(fault: BannerFault): string {
  return typeof fault === 'string' ? fault : (Object.keys(fault)[0] ?? '');
}

function startSplit(
  connection: ServerConnection,
  { splitBytes, intervalMs }: { splitBytes: number; intervalMs: number },
  begin: () => void,
): void {
  const { ident, options } = connection.settings;
  const length = Buffer.byteLength(`SSH-2.0-${ident}\r\n`) + greetingLength(options.greeting);
  connection.link.dripFirst(length, Math.max(1, splitBytes), intervalMs);
  begin();
}

function greetingLength(greeting: string | undefined): number {
  if (!greeting) return 0;
  return Buffer.byteLength(greeting.endsWith('\r\n') ? greeting : `${greeting}\r\n`);
}

function sayGarbage(
  connection: ServerConnection,
  { garbage, thenClose }: { garbage: string | Buffer; thenClose?: boolean },
): void {
  connection.link.sendRaw(garbage);
  connection.link.resume();
  if (thenClose) connection.cut('fin');
}

function closeWithoutWord(
  connection: ServerConnection,
  { close, afterMs = 0 }: { close: 'fin' | 'rst'; afterMs?: number },
): void {
  // Discard input meanwhile: closing with unread bytes would turn a FIN into an RST.
  connection.link.resume();
  if (afterMs === 0) connection.cut(close);
  else connection.later(afterMs, () => connection.cut(close));
}

function pourLines(connection: ServerConnection): void {
  const { link } = connection;
  link.resume();
  const pour = () => {
    if (connection.isEnded || !link.sendRaw(line)) return;
    if (link.raw.writableLength < 1 << 16) setImmediate(pour);
    else link.raw.once('drain', pour);
  };
  pour();
}
