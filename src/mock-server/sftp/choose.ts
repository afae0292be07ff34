import type { Settings } from '../settings.ts';
import type { MockServerOptions } from '../types.ts';
import type { Filesystem } from './filesystem.ts';

/** The file system that the options ask for. */
export function filesystemFor(options: MockServerOptions, settings: Settings): Filesystem | undefined {
  void options;
  void settings;
  return undefined;
}
