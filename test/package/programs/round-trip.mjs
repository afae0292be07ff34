// What a user's program does, against the mock server in the same process: log in, run a command whose output is
// Korean, move a file up and down, meet an error. Prints what came of it as one line of JSON.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const korean = Buffer.from('b0a1b3aab4d90a', 'hex'); // "가나다" and a line feed in code page 949

export async function roundTrip({ connectViaGateway, isSshError }, { startMockServer }) {
  const server = await startMockServer({ exec: { dir: { stdout: korean }, fail: { exitCode: 3 } } });
  const options = {
    host: server.host,
    port: server.port,
    username: server.username,
    privateKey: server.clientKey.privateKey,
    hostKey: { fingerprint: server.hostKey.fingerprint },
    retry: false,
  };
  const connection = await connectViaGateway(options);
  const dir = await connection.exec('dir', { encoding: 'cp949' });
  const error = await connection.exec('fail').catch((reason) => reason);
  const moved = await moveFile(connection);
  await connection.close();
  const cipher = await otherCipher(connectViaGateway, options);
  await server.close();
  console.log(
    JSON.stringify({
      dir: dir.stdout,
      error: { known: isSshError(error), code: error.code, name: error.name, exitCode: error.exitCode },
      moved,
      cipher,
    }),
  );
}

async function moveFile(connection) {
  const folder = mkdtempSync(join(tmpdir(), 'round-trip-'));
  const bytes = Buffer.alloc(300_000, 'rpa');
  await connection.upload(bytes, '/in.bin');
  await connection.download('/in.bin', join(folder, 'out.bin'));
  const same = readFileSync(join(folder, 'out.bin')).equals(bytes);
  rmSync(folder, { recursive: true });
  return same;
}

// Without its compiled part, ssh2 does this cipher in WebAssembly: the part that bundlers break most easily.
async function otherCipher(connectViaGateway, options) {
  const algorithms = { cipher: ['chacha20-poly1305@openssh.com'] };
  const connection = await connectViaGateway({ ...options, algorithms });
  const { stdout } = await connection.exec('echo chacha');
  await connection.close();
  return stdout.trim();
}
