import { launchd, launchdFolder } from './launchd.ts';
import { type Execute, ServiceFailed, type ServiceManager } from './service.ts';
import { systemd, systemdFolder } from './systemd.ts';
import { windowsTask } from './windows-task.ts';

/** The service manager of a system; `folder` replaces the system's own. @throws {ServiceFailed} */
export function managerFor(platform: NodeJS.Platform, execute: Execute, folder?: string): ServiceManager {
  if (platform === 'linux') return systemd(execute, folder ?? systemdFolder);
  if (platform === 'darwin') return launchd(execute, folder ?? launchdFolder);
  if (platform === 'win32') return windowsTask(execute);
  throw new ServiceFailed(
    `Services on ${platform} are not supported: have its own service manager run ssh-via-gateway tunnel`,
  );
}
