import { diffLines, shortDiff } from '../diff.ts';
import { type GatewayShell, runSetup } from '../shell.ts';
import { apply, helper, look } from './scripts.generated.ts';
import {
  dropInName,
  dropInText,
  expectedSettings,
  type GatewaySettings,
  helperPath,
  stateFolder,
  tunnelGroup,
  workerGroup,
} from './settings.ts';

/** What is to change on a gateway, and what is known about it. */
interface GatewayPlan {
  /** Lines for people; empty if nothing has to change. */
  changes: string[];
  /** The gateway's host keys, `ssh-ed25519 AAAA...`. */
  hostKeys: string[];
  /** With no changes: why sshd does not use what is in place. */
  obstacle: string | undefined;
  folder: string;
}

/** Examines the gateway and returns what would change. @throws {SetupFailed} for obstacles. */
export async function planGateway(shell: GatewayShell, settings: GatewaySettings): Promise<GatewayPlan> {
  const expected = expectedSettings(settings);
  const answer = await runSetup(shell, { ...variables(settings), expected }, look);
  const folder = answer.first('folder') ?? '';
  const files = [
    { path: `${folder}/${dropInName}`, before: textOf(answer.first('dropin')), after: dropInText(settings) },
    { path: helperPath, before: textOf(answer.first('helper')), after: helper },
  ];
  const groups = [
    [tunnelGroup, answer.first('group')],
    [workersOf(settings), answer.first('workers')],
  ].filter(([name, found]) => name !== '' && found === undefined);
  return {
    folder,
    hostKeys: answer.all('hostkey'),
    obstacle: answer.first('obstacle'),
    changes: [
      ...(answer.first('pending') === undefined
        ? []
        : ['~ a set-up was interrupted: what it began is taken back first']),
      ...groups.map(([name]) => `+ group ${name}`),
      ...files.flatMap(changesOf),
    ],
  };
}

/**
 * Makes all changes of the plan, checked and with backups, or none. Returns what was done, in words. Without changes, it
 * is checked as well.
 */
export async function applyGateway(
  shell: GatewayShell,
  settings: GatewaySettings,
  { folder }: Pick<GatewayPlan, 'folder'>,
): Promise<string[]> {
  const more = {
    folder,
    dropin_text: dropInText(settings),
    helper_text: helper,
    expected: expectedSettings(settings),
    reload: settings.reload,
  };
  const answer = await runSetup(shell, { ...variables(settings), ...more }, apply);
  return [...answer.all('did'), ...answer.all('backup').map((file) => `kept the old one as ${file}`)];
}

function variables(settings: GatewaySettings): Record<string, string> {
  const { config, sshd } = settings;
  const names = { name: dropInName, helper: helperPath, state: stateFolder, group: tunnelGroup };
  return { config, sshd, ...names, workers: workersOf(settings) };
}

function workersOf({ layout }: GatewaySettings): string {
  return layout === 'socket' ? workerGroup : '';
}

function textOf(content = 'absent'): string | undefined {
  return content === 'absent' ? undefined : Buffer.from(content, 'base64').toString('utf8');
}

interface FileChange {
  path: string;
  before: string | undefined;
  after: string;
}

/** A new helper is only mentioned with its size: what matters to the reader is what changes. */
function changesOf({ path, before, after }: FileChange): string[] {
  if (before === after) return [];
  if (before === undefined && path === helperPath)
    return [`+ ${path} (${after.split('\n').length - 1} lines)`];
  return [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${path}`,
    ...shortDiff(diffLines(before ?? '', after)),
  ];
}
