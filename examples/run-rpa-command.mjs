// One RPA command on a PC: its output in the PC's code page, its exit code, and what to do about each way to fail.
//
//   node examples/run-rpa-command.mjs                 on a mock of a Korean Windows PC
//   SSH_HOST=... node examples/run-rpa-command.mjs 'C:\rpa\run.cmd invoice'      see support/pc.mjs
import { CommandFailed, CommandTimeout, ConnectionLost, connectViaGateway } from 'ssh-via-gateway';
import { pc } from './support/pc.mjs';

const command = process.argv[2] ?? 'echo invoice 7';
const place = await pc({
  windows: { codePage: 949 },
  exec: { 'echo invoice 7': { stdout: '송장 7건 처리 완료\r\n' } },
});

const connection = await connectViaGateway(place.options);
try {
  const { stdout, durationMs } = await connection.exec(command, { encoding: 'cp949', timeout: 10 * 60_000 });
  console.log(`${stdout.trim()} (${Math.round(durationMs)} ms)`);
} catch (error) {
  if (error instanceof CommandFailed) console.error(`exit code ${error.exitCode}: ${error.stderr}`);
  else if (error instanceof CommandTimeout)
    console.error(`stopped: ${error.terminated}, so far: ${error.stdout}`);
  else if (error instanceof ConnectionLost)
    console.error(`nobody knows whether it runs on: ${error.message}`);
  else throw error;
  process.exitCode = 1;
} finally {
  await connection.close();
  await place.close();
}
