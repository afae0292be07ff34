import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeFile, withFile } from './file.ts';
import { type Execute, must, type Service, type ServiceManager } from './service.ts';

export const launchdFolder = '/Library/LaunchDaemons';

/** macOS. */
export function launchd(execute: Execute, folder: string): ServiceManager {
  const control = (...args: string[]) => must(execute, 'launchctl', args);
  const fileOf = (name: string) => join(folder, `${name}.plist`);
  return {
    async install(service) {
      const file = fileOf(service.name);
      // The previous version, if there is one.
      const end = () => execute('launchctl', ['bootout', `system/${service.name}`]);
      const start = async (isNews: boolean) => {
        if (!isNews) return;
        await end();
        await control('bootstrap', 'system', file);
      };
      const undo = () => (existsSync(file) ? execute('launchctl', ['bootstrap', 'system', file]) : end());
      const isNews = await withFile(file, plistText(service), { start, undo });
      return isNews ? [`created and started the launchd service ${service.name}`] : [];
    },
    async uninstall(name) {
      if (!existsSync(fileOf(name))) return [];
      await execute('launchctl', ['bootout', `system/${name}`]);
      await removeFile(fileOf(name));
      return [`ended and removed the launchd service ${name}`];
    },
    async status(name) {
      const { code, stdout } = await execute('launchctl', ['print', `system/${name}`]);
      const [, state = ''] = /^\s*state = (.+)$/m.exec(stdout) ?? [];
      return {
        isInstalled: existsSync(fileOf(name)),
        isRunning: code === 0 && state === 'running',
        details: state,
      };
    },
  };
}

export function plistText({ name, argv }: Service): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key><string>${name}</string>`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...argv.map((word) => `    <string>${xmlText(word)}</string>`),
    '  </array>',
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><true/>',
    '  <key>ThrottleInterval</key><integer>30</integer>',
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
