// An RPA run that needs the desktop (UiPath, Excel): a job in the session of the user who is logged on at the PC.
//
//   node examples/windows-desktop-job.mjs
//   WINDOWS_HOST=... WINDOWS_PORT=9012 SSH_USERNAME=rpa SSH_PRIVATE_KEY_PATH=~/.ssh/id_ed25519 \
//     node examples/windows-desktop-job.mjs 'C:\rpa\run.cmd invoice'      see support/pc.mjs
import { JobAccessFailed, runJob } from 'ssh-via-gateway';
import { pc } from './support/pc.mjs';

const { WINDOWS_HOST, WINDOWS_PORT, ...environment } = process.env;
const command = process.argv[2] ?? 'uirobot execute --file C:\\rpa\\invoice.nupkg';
const place = await pc(
  { windows: { codePage: 949 }, exec: { [command]: { stdout: '송장 처리 완료\r\n', delayMs: 300 } } },
  { ...environment, SSH_HOST: WINDOWS_HOST, SSH_PORT: WINDOWS_PORT },
);

try {
  const { stdout } = await runJob(place.options, command, {
    id: `invoice-${Date.now()}`,
    interactive: true,
    encoding: 'cp949',
  });
  console.log(stdout.trim());
} catch (error) {
  // Nobody is logged on at the desktop, or the PC does not let this user make tasks.
  if (!(error instanceof JobAccessFailed)) throw error;
  console.error(`not started: ${error.reason}`);
  process.exitCode = 1;
} finally {
  await place.close();
}
