import { factsOf, type WindowsFacts, windowsFacts } from '../../windows/versions.ts';
import type { MockServerOptions, WindowsPersonality } from '../types.ts';

/** A Windows personality with all defaults filled in. */
export interface WindowsSettings extends Required<WindowsPersonality> {
  facts: WindowsFacts;
}

/**
 * The personality that the options ask for, if any. The version is the option's, else that of `ident`, else the oldest,
 * which differs most from Linux.
 */
export function windowsSettings({ windows, ident }: MockServerOptions): WindowsSettings | undefined {
  if (!windows) return undefined;
  const given: WindowsPersonality = windows === true ? {} : windows;
  const { version = windowsFacts(ident)?.version ?? '7.7' } = given;
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
