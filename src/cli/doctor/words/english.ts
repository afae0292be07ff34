import { steps } from '../steps.ts';
import { englishAtJump } from './english-at-jump.ts';
import { englishFailures } from './english-failures.ts';
import type { Words } from './words.ts';

const titles = Object.fromEntries(Object.entries(steps).map(([name, { title }]) => [name, title]));

export const english: Words = {
  failures: englishFailures,
  atJump: englishAtJump,
  titles: titles as Words['titles'],
  marks: { ok: 'ok', warn: 'WARN', fail: 'FAIL', skipped: '-' },
  logs: 'The log of sshd there tells the reason: journalctl -u ssh or /var/log/auth.log on Linux; on Windows the Event Viewer, Applications and Services Logs, OpenSSH/Operational.',
  notThePc: (says) => `${says} (the gateway, not the PC)`,
  hop: (hop) => hop,
  record: (file, line) => (line === undefined ? file : `${file}, line ${line}`),
  notice: (said) => `The server says: "${said}".`,
  summary: {
    fails: (step, exitCode) => `It does not work: ${step} (exit code ${exitCode}).`,
    warns: (count) => `It works, with ${count === 1 ? '1 warning' : `${count} warnings`}`,
    exitCode: (exitCode) => ` (exit code ${exitCode})`,
    works: 'Everything works.',
  },
  skipped: {
    notReached: 'not reached',
    lostBefore: 'the connection was lost before',
    noCommands: 'needs a command, and none runs',
    noTime: 'no time was left for it',
    noFiles: 'needs SFTP or a command, and neither works',
  },
  arrival: {
    dnsByRoute: 'the route looks the name up, not this machine',
    dnsNotNeeded: (host) => `${host} is an address: nothing to look up`,
    dnsFound: (host, addresses) => `${host} is ${addresses}`,
    tcp: (at) => `${at} accepted`,
    tcpByRoute: (at) => `reached ${at} by the route`,
    banner: 'an SSH server answered',
    keys: 'keys are agreed',
    hostKeyRight: 'as it should be',
    login: (username) => `logged in as ${username}`,
    slowly: (says) => `${says}, but slowly`,
    slowlyTodo:
      'It works, but slowly: the PC is busy or just starting, its line is slow, or sshd waits for a name server.',
    slowLine: (says, roundTrip) => `${says}, but the line is slow: a round trip of ${roundTrip}`,
    slowLineTodo:
      'It works, but everything takes longer: a connection about four round trips, a command two, a small file up to ten. Keep all time limits well above that (--handshake-timeout, --auth-timeout, --timeout), the interval of keepalive too, and use one connection for many commands.',
    perhapsSlow: (keys) =>
      `The keys took ${keys}, so the line may only be slow: --auth-timeout 2m waits longer.`,
    unchecked: (fingerprint) => `${fingerprint}, not checked`,
    uncheckedTodo: (fingerprint) =>
      `Anybody on the way can read and change everything. Give --host-key ${fingerprint} instead, if that is right.`,
    recorded: (fingerprint, file) =>
      `${fingerprint} was unknown, and has just been recorded in ${file} (--accept-new)`,
    right: (fingerprint) => `${fingerprint}, as it should be`,
    openKey: (says, file) => `${says}, but other users of this machine may read the private key ${file}`,
    openKeyTodo: (file) => `chmod 600 ${file}: ssh refuses such a key.`,
  },
  exec: {
    ok: 'a command ran, with its output and exit code',
    noise: (said) => `commands run, but something prints text before their output: ${said}`,
    noiseTodo:
      'Take it out of what the shell runs when it starts (~/.bashrc, AutoRun of cmd, $PROFILE): it breaks scripts that read the output, and SFTP.',
    oddEnd: (code) =>
      `a command ran, but ended with ${code === null ? 'no exit status' : `exit code ${code}`}`,
    answer: (said, code) =>
      `"echo" was sent; the answer was ${said || 'nothing'}, exit code ${code ?? 'unknown'}`,
    killed: (signal) => `"echo" was sent, and the signal ${signal} ended it`,
    killedTodo:
      'Something on the PC ends what this account starts: it is out of memory, a limit of the account is reached (ulimit, systemd, cgroups), or a program watches it. The log of the system tells: dmesg, journalctl.',
    forcedTodo:
      'Something other than a shell handles the command: a forced command (ForceCommand, command= in authorized_keys), a login shell that refuses (nologin), or on Windows a DefaultShell in the registry that is not there.',
    sessionFailsTodo:
      'sshd could not start anything for this account: a ChrootDirectory that others than root may write to or that holds no shell, a limit of the account, or a forced command that ends like this. Its log tells which.',
    sftpOnlyTodo:
      'This account is for SFTP only (ForceCommand internal-sftp): files can be moved, commands need another account.',
    nologinTodo:
      'The account has a login shell that refuses (nologin): give it a real one (usermod -s /bin/sh NAME), or take another account.',
    passwordExpiredTodo:
      "The account's password has expired, and must be changed before anything runs: log in once with ssh -t, or have it changed (passwd; on Windows net user). Accounts of workers need a password that does not expire.",
    accountExpiredTodo: 'The account has expired: chage -l NAME tells when; chage -E -1 NAME lifts it.',
    noShellTodo:
      'The login shell is not there or cannot start: look at /etc/passwd; on Windows at DefaultShell in HKLM\\SOFTWARE\\OpenSSH.',
  },
  sftp: { ok: (home) => `SFTP answers; it starts in ${home}` },
  maxSessions: {
    unmeasured: 'how many commands run at once could not be measured',
    more: (count) => `${count} commands at once and more`,
    limit: (count) => `${count} commands at once; more wait in line`,
    one: 'one command at a time; SFTP counts as one too, and everything else waits in line',
    oneTodo: 'MaxSessions 10 in sshd_config is the default.',
  },
  keepalive: {
    ok: 'the server answers keepalives',
    closed: 'the idle connection was closed',
    second: (says) => `a second connection failed: ${says}`,
    unanswered: 'the server does not answer keepalives: idle connections would be taken for dead',
    unansweredTodo:
      'Use keepalive: false (--keepalive none); then a PC that has vanished is only noticed when something is sent. OpenSSH answers; this is another server, or something in between swallows it.',
  },
  clock: {
    unread: 'its clock could not be read',
    agrees: 'its clock agrees with ours',
    ahead: (amount) => `its clock is ${amount} ahead`,
    behind: (amount) => `its clock is ${amount} behind`,
    todo: 'Logs cannot be compared, and certificates and Kerberos may fail. On Windows: w32tm /resync.',
  },
  shell: {
    unknown: 'the shell that runs commands could not be identified',
    unknownTodo:
      'Give the shell option where an array of arguments, cwd or env is used: its quoting depends on it.',
    unnamed: 'an unidentified shell',
    noCodePage: (name) => `${name}; its code page could not be determined`,
    utf8: (name) => `${name}, code page 65001: output is UTF-8`,
    codePage: (name, page, encoding) =>
      `${name}, code page ${page}: read its output with encoding: '${encoding}' (exec --encoding ${encoding})`,
  },
  disk: {
    ok: (free) => `a file was written and removed; ${free} free`,
    written: 'a file was written and removed',
    unknown: 'how much room there is could not be read',
    nearlyFull: (percent, free) => `the disk is ${percent} % full: ${free} free`,
    nearlyFullTodo: 'Make room before an upload or a job fills it.',
    full: 'the disk is full: nothing can be written',
    fullTodo:
      'Make room: uploads fail, and a job could not keep its output. What takes it: df -h, du -xsh *.',
    readOnly: 'the disk is read-only: nothing can be written',
    readOnlyTodo:
      'Linux remounts a damaged disk like this: look at dmesg, then check the disk (fsck). Uploads and jobs fail until then.',
    quota: 'the quota of the account is used up: nothing can be written',
    quotaTodo: 'Make room in its home folder, or raise the quota.',
    denied: (home) => `the account may not write into ${home}, where it starts`,
    deniedTodo:
      'Jobs keep their state in the home folder: correct its owner and mode. If there is no home folder at all, sshd starts in /: create it.',
    failed: (said) => `a file could not be written: ${said}`,
    failedTodo: 'Most often the disk is full or read-only, or this account may not write to the folder.',
    silent: 'a file was to be written, and the server did not answer',
    silentTodo:
      'The disk or the network drive hangs, or the line broke just then: try again in a minute. Uploads will wait there, too.',
  },
  windows: {
    unread: 'PowerShell gave no answer about the PC',
    unreadTodo:
      'Jobs need PowerShell: is it barred for this account, or very slow to start (a virus scanner, a profile on a network drive)?',
    administrator: 'an administrator with all rights',
    standard: 'a standard account',
    longPaths: 'long paths allowed',
    shortPaths: 'paths up to 259 characters',
    free: (amount) => `${amount} free on C:`,
    oldVersion: (version) =>
      `OpenSSH ${version} is older than 8.6: replacing a file is not one step there, and SFTP writes are limited to 100 KiB each; update it.`,
    restricted: (mode) =>
      `PowerShell is in ${mode} (AppLocker, WDAC): jobs and checksums do not work; have this account exempted.`,
    oldPowerShell: (version) => `PowerShell ${version} is older than 5.1: update it.`,
    noWmi: (elevated) =>
      elevated
        ? 'WMI does not answer: interactive jobs cannot be started; look at the service Winmgmt.'
        : 'This account may not use WMI: interactive jobs cannot be started; an administrator can grant it (wmimgmt.msc).',
    sleeps: (after) =>
      `The PC sleeps after ${after}, and leaves a zombie each time: powercfg /change standby-timeout-ac 0.`,
    notAutomatic: (type) =>
      `sshd starts ${type}, so it is not there after a restart: Set-Service sshd -StartupType Automatic.`,
    littleRoom: (free) => `Only ${free} are free on C: make room.`,
    notWindows: 'not a Windows PC',
  },
};
