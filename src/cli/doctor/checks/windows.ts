import { printable } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { windowsFacts } from '../../../windows/versions.ts';
import type { Connection } from '../../library.ts';
import { inBytes } from '../../report/bytes.ts';
import { inWords } from '../../report/times.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';
import { windowsLook } from './scripts.generated.ts';

/** Share of the time of a whole run: 19 seconds. PowerShell and WMI are slow on a slow PC. */
const share = 1 / 3;
/** Bytes. With less than this, Windows updates and jobs soon fill the disk. */
const littleRoom = 1_000_000_000;

const yesOrNo = /^(?:yes|no)$/;
/** What windows-look.ps1 prints. A value of another form is ignored, whoever wrote it. */
const forms = {
  mode: /^\w{1,40}$/,
  powershell: /^\d{1,4}(?:\.\d{1,9}){1,3}[\w.-]{0,40}$/,
  elevated: yesOrNo,
  wmi: yesOrNo,
  shell: /^.{1,260}$/u,
  longpaths: /^[01]$/,
  free: /^\d{1,15}$/,
  start: /^\w{1,40}$/,
  sleep: /^\d{1,10}$/,
} as const;

/** What is known about a Windows PC, as far as its account may see it. */
type WindowsPcFacts = Readonly<Partial<Record<keyof typeof forms, string>>>;

/** What may trouble a worker on a Windows PC: its version, policies, sleep, start-up type, disk space. */
export async function checkWindows(connection: Connection, visit: Visit): Promise<Finding> {
  const started = now();
  const { signal } = visit;
  const { stdout, stderr } = await connection.powershell(windowsLook, {
    timeout: visit.limit(share),
    maxBuffer: 100_000,
    reject: false,
    signal,
  });
  const facts = factsOf(stdout);
  // The library's own words for a policy that allows no scripts.
  const [, mode] = /PowerShell is in (\w{1,40}) mode/.exec(stderr) ?? [];
  const found = mode === undefined ? facts : { ...facts, mode };
  return { ...judge(found, connection.serverVersion, visit.words.windows), ms: now() - started };
}

function factsOf(stdout: string): WindowsPcFacts {
  const lines = [...stdout.matchAll(/^(\w+)=([^\r\n]*)\r?$/gm)].filter(
    ([, name = '', value = '']) =>
      Object.hasOwn(forms, name) && forms[name as keyof typeof forms].test(value.trim()),
  );
  return Object.fromEntries(lines.map(([, name, value]) => [name, printable(value!.trim(), 260)]));
}

function judge(facts: WindowsPcFacts, serverVersion: string, words: Words['windows']): Finding {
  if (Object.keys(facts).length === 0) return { verdict: 'warn', says: words.unread, todo: words.unreadTodo };
  const troubles = troublesOf(facts, serverVersion, words);
  const says = summaryOf(facts, words);
  if (troubles.length === 0) return { verdict: 'ok', says, facts };
  return { verdict: 'warn', says, todo: troubles.join(' '), facts };
}

function troublesOf(facts: WindowsPcFacts, serverVersion: string, words: Words['windows']): string[] {
  const { mode, wmi, elevated, free, start, sleep, powershell } = facts;
  const version = windowsFacts(serverVersion);
  const sleepsAfter = Number(sleep ?? 0) * 1_000;
  const all: Array<readonly [boolean, () => string]> = [
    [version?.renameReplaces === false, () => words.oldVersion(version!.version)],
    [mode !== undefined && mode !== 'FullLanguage', () => words.restricted(mode!)],
    [Number.parseFloat(powershell ?? '9') < 5.1, () => words.oldPowerShell(powershell!)],
    [wmi === 'no' && mode === 'FullLanguage', () => words.noWmi(elevated === 'yes')],
    [sleepsAfter > 0, () => words.sleeps(inWords(sleepsAfter))],
    [start !== undefined && !/^Auto/i.test(start), () => words.notAutomatic(start!)],
    [free !== undefined && Number(free) < littleRoom, () => words.littleRoom(inBytes(Number(free)))],
  ];
  return all.filter(([isSo]) => isSo).map(([, say]) => say());
}

function summaryOf(
  { elevated, powershell, mode, free, longpaths, shell }: WindowsPcFacts,
  words: Words['windows'],
): string {
  const parts = [
    elevated === undefined ? undefined : elevated === 'yes' ? words.administrator : words.standard,
    powershell === undefined ? undefined : `PowerShell ${powershell}`,
    mode,
    shell === undefined ? undefined : `DefaultShell ${shell}`,
    longpaths === undefined ? undefined : longpaths === '1' ? words.longPaths : words.shortPaths,
    free === undefined ? undefined : words.free(inBytes(Number(free))),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
