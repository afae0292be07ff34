/**
 * Exit codes with a known meaning: the small numbers of shells, and on Windows 32-bit numbers, many of which are
 * NTSTATUS values ([MS-ERREF] 2.3.1). OpenSSH for Windows passes on all 32 bits, unsigned.
 */

const ofShells: Readonly<Record<number, string>> = {
  126: 'The shell found the command but could not run it: not executable, or not a program for this system.',
  127: 'The shell did not find the command: look at its spelling and at PATH, which is shorter over SSH than in a terminal.',
  255: 'A program that exits with 255 usually reports a failure of its own; ssh, run on the server, uses it when it cannot connect.',
  9009: 'cmd.exe did not find the command: look at its spelling and at PATH.',
};

/** The numbers that Linux and macOS have in common. */
const ofSignals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL, for instance because the memory was used up,',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

const ofWindows: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1073807364: [
    'DBG_TERMINATE_PROCESS',
    'The program was ended from outside: a logoff, a shutdown or a debugger.',
  ],
  1073807365: ['DBG_CONTROL_C', 'The program was ended by Ctrl+C.'],
  2147483651: ['STATUS_BREAKPOINT', 'The program stopped itself after detecting a fault.'],
  3221225477: ['STATUS_ACCESS_VIOLATION', 'The program crashed: it used memory that is not its own.'],
  3221225495: ['STATUS_NO_MEMORY', 'The PC had no memory left for the program.'],
  3221225501: [
    'STATUS_ILLEGAL_INSTRUCTION',
    'The program crashed: it needs another processor, or its file is damaged.',
  ],
  3221225506: ['STATUS_ACCESS_DENIED', 'The account may not use something that the program needs to start.'],
  3221225595: [
    'STATUS_INVALID_IMAGE_FORMAT',
    'A DLL of the program is damaged, or 32-bit and 64-bit code are mixed.',
  ],
  3221225620: ['STATUS_INTEGER_DIVIDE_BY_ZERO', 'The program crashed: it divided by zero.'],
  3221225725: [
    'STATUS_STACK_OVERFLOW',
    'The program crashed: its stack overflowed, usually because of endless recursion.',
  ],
  3221225773: ['STATUS_COMMITMENT_LIMIT', 'The PC had no memory left: look at its paging file.'],
  3221225781: ['STATUS_DLL_NOT_FOUND', 'A DLL that the program needs is missing.'],
  3221225784: ['STATUS_ORDINAL_NOT_FOUND', 'A DLL that the program needs is present in the wrong version.'],
  3221225785: [
    'STATUS_ENTRYPOINT_NOT_FOUND',
    'A DLL that the program needs is present in the wrong version.',
  ],
  3221225786: ['STATUS_CONTROL_C_EXIT', 'The program was ended by Ctrl+C or by the end of its session.'],
  3221225794: ['STATUS_DLL_INIT_FAILED', 'A DLL did not start, often because the session has no desktop.'],
  3221226356: ['STATUS_HEAP_CORRUPTION', 'The program crashed: it had corrupted its own memory.'],
  3221226505: ['STATUS_STACK_BUFFER_OVERRUN', 'The program ended itself after detecting a fault.'],
  3221226519: ['STATUS_INVALID_CRUNTIME_PARAMETER', 'The program crashed: it called its C runtime wrongly.'],
  3221226536: ['STATUS_INVALID_IMAGE_HASH', 'Windows does not trust the signature of the program.'],
  3762504530: ['.NET exception', 'A .NET program ended with an uncaught exception.'],
  3765269347: ['C++ exception', 'A C++ program ended with an uncaught exception.'],
};

/** Smaller numbers are never NTSTATUS values. */
const firstStatus = 0x40000000;

/** `3`; `3221225477 (0xC0000005, STATUS_ACCESS_VIOLATION)`; `4294967295 (0xFFFFFFFF, -1)`. */
export function shownExitCode(exitCode: number): string {
  const bits = exitCode >>> 0;
  if (bits < firstStatus) return String(exitCode);
  const signed = bits | 0;
  const name = ofWindows[bits]?.[0] ?? (signed < 0 ? String(signed) : '');
  const hex = `0x${bits.toString(16).toUpperCase()}`;
  return `${exitCode} (${name === '' || name === String(exitCode) ? hex : `${hex}, ${name}`})`;
}

/** The most likely meaning of an exit code. Signed and unsigned forms are equal: -1073741819 is 0xC0000005. */
export function exitHint(exitCode: number): string | undefined {
  return ofShells[exitCode] ?? signalHint(exitCode - 128) ?? ofWindows[exitCode >>> 0]?.[1];
}

/** Shells report a signal as 128 and its number, but nothing keeps a program from exiting with that itself. */
function signalHint(number: number): string | undefined {
  const name = ofSignals[number];
  return (
    name &&
    `Outside Windows this usually means that ${name} ended the program; a program may also exit with this code itself.`
  );
}
