import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { putFile, removeFile } from './file.ts';
import { type Execute, must, type Service, type ServiceManager } from './service.ts';

export const systemdFolder = '/etc/systemd/system';

/** Linux. */
export function systemd(execute: Execute, folder: string): ServiceManager {
  const control = (...args: string[]) => must(execute, 'systemctl', args);
  const unitOf = (name: string) => join(folder, `${name}.service`);
  return {
    async install(service) {
      const isNews = await putFile(unitOf(service.name), unitText(service));
      if (isNews) await control('daemon-reload');
      await control('enable', '--quiet', service.name);
      await control(isNews ? 'restart' : 'start', service.name);
      return isNews ? [`created and started the systemd service ${service.name}`] : [];
    },
    async uninstall(name) {
      if (!existsSync(unitOf(name))) return [];
      await control('disable', '--now', '--quiet', name);
      await removeFile(unitOf(name));
      await control('daemon-reload');
      return [`ended and removed the systemd service ${name}`];
    },
    async status(name) {
      const { code, stdout } = await execute('systemctl', ['is-active', name]);
      return { isInstalled: existsSync(unitOf(name)), isRunning: code === 0, details: stdout.trim() };
    },
  };
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
