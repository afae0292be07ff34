import { typeName } from '../../options/check.ts';

export function checkMode(mode: unknown, name: string): number {
  if (typeof mode !== 'number')
    throw new TypeError(`${name} must be a number such as 0o644, not ${typeName(mode)}`);
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) {
    throw new RangeError(`${name} must be between 0 and 0o7777, not ${mode}`);
  }
  return mode;
}

/** Seconds since 1970, as SFTP stores them. */
export function checkDate(date: unknown, name: string): number {
  const seconds = date instanceof Date ? date.getTime() / 1000 : date;
  if (typeof seconds !== 'number')
    throw new TypeError(`${name} must be a Date or seconds, not ${typeName(date)}`);
  if (!(seconds >= 0 && seconds < 2 ** 32)) {
    throw new RangeError(`${name} must lie between 1970 and 2106, not at ${seconds} seconds`);
  }
  return Math.floor(seconds);
}

export function checkData(data: unknown, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (data instanceof Uint8Array) return data;
  throw new TypeError(`data must be a string or a Buffer, not ${typeName(data)}`);
}

/** A whole number of bytes, for positions within a file. */
export function checkPosition(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number')
    throw new TypeError(`Option ${name} must be a number, not ${typeName(value)}`);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Option ${name} must be a whole number from 0 on, not ${value}`);
  }
}
