import { factsOf, type WindowsFacts, windowsFacts, windowsVersions } from '../../windows/versions.ts';
import type { MockServerOptions, WindowsPersonality } from '../types.ts';

/** A Windows personality, all defaults filled in. */
export interface WindowsSettings extends Required<WindowsPersonality> {
  facts: WindowsFacts;
}

const wanted = windowsVersions.map((version) => `'${version}'`).join(', ');

/**
 * The personality that the options ask for; undefined for none. The version is the option's, else that of `ident`, else
 * the oldest, which is most at odds with Linux.
 */
export function windowsSettings({ windows, ident }: MockServerOptions): WindowsSettings | undefined {
  if (!windows) return undefined;
  const given: WindowsPersonality = windows === true ? {} : windows;
  const { version = windowsFacts(ident)?.version ?? '7.7' } = given;
  if (!windowsVersions.includes(version))
    throw new TypeError(`option windows.version: ${JSON.stringify(version)} given; ${wanted} would be right`);
  const facts = factsOf(version);
  return {
    version: facts.version,
    account: given.account ?? 'administrator',
    languageMode: given.languageMode ?? 'FullLanguage',
    codePage: given.codePage ?? 65001,
    atomicRename: given.atomicRename ?? facts.renameReplaces,
    facts,
  };
}
