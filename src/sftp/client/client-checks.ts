import type { Checks } from '../../check/options.ts';
import {
  abortSignal,
  atLeast,
  type Check,
  flag,
  oneOf,
  orInfinity,
  position,
  whole,
} from '../../check/values.ts';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import type { SftpCallOptions, SftpClient } from './client-types.ts';
import type { ReadStreamOptions, WriteStreamOptions } from './streams.ts';

type OptionsOf<Call extends 'writeFile' | 'mkdir' | 'remove'> = NonNullable<
  Parameters<SftpClient[Call]>[Call extends 'writeFile' ? 2 : 1]
>;

/** Permission bits. */
export const mode: Check = whole(0, 0o7777, 'permissions from 0 to 0o7777, such as 0o644,');

const encoding: Check = (name, value) => {
  const right = `'utf8' or another encoding of Buffer`;
  if (typeof value !== 'string' || !Buffer.isEncoding(value)) throw wrongType(name, value, right);
};

export const callChecks: Checks<SftpCallOptions> = { signal: abortSignal };

export const readFileChecks: Checks<SftpCallOptions & { encoding?: BufferEncoding | undefined }> = {
  ...callChecks,
  encoding,
};
export const writeFileChecks: Checks<OptionsOf<'writeFile'>> = { ...callChecks, mode, encoding };
export const mkdirChecks: Checks<OptionsOf<'mkdir'>> = { ...callChecks, recursive: flag, mode };
export const removeChecks: Checks<OptionsOf<'remove'>> = { ...callChecks, recursive: flag };

export const readStreamChecks: Checks<ReadStreamOptions> = {
  start: position,
  end: orInfinity(position),
  highWaterMark: atLeast(1, 'a whole number of bytes'),
};

export const writeStreamChecks: Checks<WriteStreamOptions> = {
  flags: oneOf('w', 'wx', 'a', 'r+'),
  mode,
  start: position,
  writesInOrder: flag,
};

/** Whole seconds since 1970, as SFTP stores times. @throws {TypeError | RangeError} naming the argument. */
export function secondsOf(name: string, date: unknown): number {
  const seconds = date instanceof Date ? date.getTime() / 1000 : date;
  if (typeof seconds !== 'number') throw wrongType(`argument ${name}`, date, 'a Date or seconds since 1970');
  if (!(seconds >= 0 && seconds < 2 ** 32)) {
    throw wrongRange(`argument ${name}`, seconds, 'a time between 1970 and 2106, in seconds,');
  }
  return Math.floor(seconds);
}

export function bytesOf(data: unknown, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (data instanceof Uint8Array) return data;
  throw wrongType('argument data', data, 'a string or a Buffer');
}
