import { english } from './english.ts';
import { korean } from './korean.ts';
import type { Words } from './words.ts';

export const languages = ['en', 'ko'] as const;
type Language = (typeof languages)[number];

/** The language of messages as POSIX defines it: the first of these variables that is set decides. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return /^ko(?![a-z])/i.test(locale) ? 'ko' : 'en';
}

export function wordsOf(language: Language): Words {
  return language === 'ko' ? korean : english;
}
