import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeFile, withFile } from './file.ts';
import { type Execute, must, type Service, ServiceFailed, type ServiceManager } from './service.ts';

export const systemdFolder = '/etc/systemd/system';

/** Linux. */
export function systemd(execute: Execute, folder: string): ServiceManager {
  const control = (...args: string[]) => must(execute, 'systemctl', args);
  const unitOf = (name: string) => join(folder, `${name}.service`);
  return {
    async install(service) {
      const { name } = service;
      const start = async (isNews: boolean) => {
        if (isNews) await control('daemon-reload');
        await control('enable', '--quiet', name);
        await control(isNews ? 'restart' : 'start', name);
      };
      const undo = async () => {
        const isNew = !existsSync(unitOf(name));
        if (isNew) await forget(folder, name);
        await execute('systemctl', ['daemon-reload']);
        await execute('systemctl', [isNew ? 'stop' : 'restart', name]);
      };
      const isNews = await advising(() => withFile(unitOf(name), unitText(service), { start, undo }));
      return isNews ? [`created and started the systemd service ${name}`] : [];
    },
    async uninstall(name) {
      if (!existsSync(unitOf(name))) return [];
      const runs = await isAsked(() => control('disable', '--now', '--quiet', name));
      await removeFile(unitOf(name));
      await forget(folder, name);
      if (!runs) return [`removed the systemd service ${name}; ${notRunning}`];
      await control('daemon-reload');
      return [`ended and removed the systemd service ${name}`];
    },
    async status(name) {
      const { code, stdout, stderr } = await execute('systemctl', ['is-active', name]);
      const details = stdout.trim() || (isAbsence(stderr) ? notRunning : '');
      return { isInstalled: existsSync(unitOf(name)), isRunning: code === 0, details };
    },
  };
}

const notRunning = 'systemd is not running here';

/** What systemctl says in a container, and Node where there is no systemctl. */
function isAbsence(message: string): boolean {
  return /not been booted with systemd|Failed to connect to (?:\S+ )*bus|systemctl ENOENT/i.test(message);
}

/** Adds what to do where there is no systemd. */
async function advising<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceFailed) || !isAbsence(error.message)) throw error;
    const instead =
      "in a container, make 'ssh-via-gateway tunnel ...' its own process, which restarts with it";
    throw new ServiceFailed(`${notRunning}, and nothing was installed: ${instead} (${error.message})`);
  }
}

/** Whether systemd could be asked. @throws {ServiceFailed} if it refused. */
async function isAsked(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ServiceFailed && isAbsence(error.message)) return false;
    throw error;
  }
}

/** Takes away the link that `enable` made, even where `disable` cannot: it needs the unit's file for that. */
async function forget(folder: string, name: string): Promise<void> {
  await removeFile(join(folder, 'multi-user.target.wants', `${name}.service`));
}

export function unitText({ title, argv }: Service): string {
  return [
    '[Unit]',
    `Description=${title}`,
    'After=network-online.target',
    'Wants=network-online.target',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `ExecStart=${argv.map(systemdWord).join(' ')}`,
    'Restart=always',
    'RestartSec=30',
    'NoNewPrivileges=yes',
    'PrivateTmp=yes',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** A word of a command line for systemd: quotes, specifiers (%) and variables ($) are escaped. */
function systemdWord(text: string): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${plain.replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}
