// What the library does, step by step, on whatever runtime runs this file; prints `{ step: 'ok' or what went wrong }`.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectViaGateway, jumpHost, keepReverseTunnel, proxyCommand, runJob } from 'ssh-via-gateway';
import { startMockServer } from 'ssh-via-gateway/mock-server';

const mebibytes16 = 16 * 1024 * 1024;
/** A key that only the agent has. */
const agentKey = generateKeyPairSync('ed25519');
const agentBlob = Buffer.concat([
  field('ssh-ed25519'),
  field(Buffer.from(agentKey.publicKey.export({ format: 'jwk' }).x, 'base64url')),
]);
const server = await startMockServer({
  exec: ({ command, fallback }) => {
    if (command === 'korean') return { stdout: Buffer.from('b0a1b3aab4d90a', 'hex') };
    if (command === 'much') return { stdout: Buffer.alloc(mebibytes16, 'rpa\n') };
    if (command === 'wait') return { delayMs: 60_000 };
    return fallback();
  },
});
const { host, port, username, clientKey, hostKey } = server;
const options = {
  ...{ host, port, username, retry: false },
  privateKey: clientKey.privateKey,
  hostKey: { fingerprint: hostKey.fingerprint },
};
const { retry: _, ...gateway } = options;
const echo = createServer((socket) => socket.pipe(socket).on('error', () => {}));
await new Promise((resolve) => echo.listen(0, '127.0.0.1', resolve));
const echoAt = { host: '127.0.0.1', port: echo.address().port };
const folder = mkdtempSync(join(tmpdir(), 'smoke-'));
const inFolder = (...names) => join(folder, ...names);
const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');
const found = {};

let connection;
await step('connect', async () => {
  connection = await connectViaGateway(options);
});
await step('exec', async () => {
  same((await connection.exec('echo hello')).stdout, 'hello\n');
  same((await connection.exec(['echo', 'a b'])).stdout, 'a b\n');
});
await step('lines', async () => {
  const lines = [];
  for await (const line of connection.exec('echo line')) lines.push(line);
  same(lines.join(), 'line');
});
await step('code page 949', async () => {
  same((await connection.exec('korean', { encoding: 'cp949' })).stdout, '가나다\n');
});
await step('16 MiB of output', async () => {
  const { stdout } = await connection.exec('much', { encoding: 'buffer', maxBuffer: 2 * mebibytes16 });
  same(sum(stdout), sum(Buffer.alloc(mebibytes16, 'rpa\n')));
});
const bytes = Buffer.alloc(5_000_000, 'robot');
await step('a file, with sha256', async () => {
  writeFileSync(inFolder('file'), bytes);
  await connection.upload(inFolder('file'), '/file', { verify: 'sha256' });
  await connection.download('/file', inFolder('back'), { verify: 'sha256' });
  same(sum(readFileSync(inFolder('back'))), sum(bytes));
});
await step('a folder', async () => {
  mkdirSync(inFolder('tree', 'sub'), { recursive: true });
  for (const name of ['a', 'b', 'sub/한글']) writeFileSync(inFolder('tree', name), name);
  await connection.upload(inFolder('tree'), '/tree');
  await connection.download('/tree', inFolder('tree2'));
  same(readFileSync(inFolder('tree2', 'sub', '한글'), 'utf8'), 'sub/한글');
});
await step('resume', async () => {
  const large = Buffer.alloc(mebibytes16, 'robots');
  server.setFaults({ cut: { direction: 'toServer', atByte: 8_000_000, how: 'rst' } });
  const breaking = await connectViaGateway(options);
  server.setFaults({});
  const failed = await breaking.upload(large, '/resumed').catch(({ name }) => name);
  same(failed, 'ConnectionLost');
  const { bytes: sent } = await connection.upload(large, '/resumed', { resume: true });
  same(sent > 0 && sent < large.length - 4_000_000, true);
  await connection.download('/resumed', inFolder('resumed'), { resume: true });
  same(sum(readFileSync(inFolder('resumed'))), sum(large));
});
await step('SFTP operations', async () => {
  const sftp = await connection.sftp();
  await sftp.mkdir('/dir');
  await sftp.writeFile('/dir/x', 'x');
  await sftp.rename('/dir/x', '/dir/y');
  same((await sftp.list('/dir')).map(({ name }) => name).join(), 'y');
  await sftp.remove('/dir', { recursive: true });
  await sftp.close();
});
await step('forwardLocal', async () => {
  const forward = await connection.forwardLocal(echoAt);
  same(await talk(forward), 'ping');
  await forward.close();
});
await step('forwardRemote', async () => {
  const forward = await connection.forwardRemote({ listenPort: 0, ...echoAt });
  same(await talk({ host: '127.0.0.1', port: forward.port }), 'ping');
  await forward.close();
});
await step('forwardDynamic', async () => {
  const forward = await connection.forwardDynamic();
  const target = [5, 1, 0, 1, 127, 0, 0, 1, echoAt.port >> 8, echoAt.port & 255];
  same(await talk(forward, [Buffer.from([5, 1, 0]), Buffer.from(target)]), 'ping');
  await forward.close();
});
await step('runJob', async () => {
  same((await runJob(options, 'echo job', { id: 'smoke', pollInterval: 50 })).stdout, 'job\n');
});
await step('jump host', async () => {
  const far = await connectViaGateway({ ...options, via: jumpHost(gateway) });
  same((await far.exec('echo far')).stdout, 'far\n');
  await far.close();
});
await step('proxyCommand', async () => {
  const relay = inFolder('relay.mjs');
  writeFileSync(
    relay,
    `import{connect}from'node:net';const s=connect(${port},'127.0.0.1');process.stdin.pipe(s).pipe(process.stdout)`,
  );
  const node = process.env.SMOKE_NODE ?? process.execPath;
  const far = await connectViaGateway({ ...options, via: proxyCommand(`"${node}" "${relay}"`) });
  same((await far.exec('echo proxied')).stdout, 'proxied\n');
  await far.close();
});
await step('agent', async () => {
  const path = process.platform === 'win32' ? '\\\\.\\pipe\\smoke-agent' : inFolder('agent');
  const listener = createServer((socket) =>
    socket.on('data', (asked) => socket.write(field(agentAnswer(asked)))),
  );
  await new Promise((resolve) => listener.listen(path, resolve));
  const users = [{ username: 'rpa', publicKeys: [`ssh-ed25519 ${agentBlob.toString('base64')}`] }];
  const other = await startMockServer({ users });
  const far = await connectViaGateway({
    ...{ host, port: other.port, username: 'rpa', agent: path, retry: false },
    hostKey: { fingerprint: other.hostKey.fingerprint },
  });
  same((await far.exec('echo signed')).stdout, 'signed\n');
  await far.close();
  await other.close();
  await new Promise((resolve) => listener.close(resolve));
});
await step('abort', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 50);
  const error = await connection.exec('wait', { signal: stop.signal }).catch((reason) => reason);
  same(error.message, 'enough');
});
await step('BannerTimeout', async () => {
  const deaf = createServer(() => {});
  await new Promise((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const wrong = { ...options, port: deaf.address().port, timeouts: { banner: 200 } };
  const error = await connectViaGateway(wrong).catch((reason) => reason);
  same(error.name, 'BannerTimeout');
  deaf.close();
});
await step('keepReverseTunnel', async () => {
  const tunnel = keepReverseTunnel({ gateway, listenPort: await freePort(), target: { host, port } });
  for await (const status of tunnel) if (status.state === 'up') break;
  await tunnel.close();
});
await step('close, with nothing left', async () => {
  await connection.close();
  await server.close();
  await new Promise((resolve) => echo.close(resolve));
  rmSync(folder, { recursive: true });
});
console.log(JSON.stringify(found));

async function step(name, work) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('not done within 20 s')), 20_000);
  });
  const wanted = Promise.race([work(), limit]);
  found[name] = await wanted.then(() => 'ok').catch((error) => `${error?.stack ?? error}`);
  clearTimeout(timer);
}

function field(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Lists the one key (11, 12), or signs with it (13, 14): draft-miller-ssh-agent. */
function agentAnswer(asked) {
  if (asked[4] === 11) return Buffer.concat([Buffer.from([12, 0, 0, 0, 1]), field(agentBlob), field('')]);
  const dataAt = 5 + 4 + asked.readUInt32BE(5) + 4;
  const data = asked.subarray(dataAt, dataAt + asked.readUInt32BE(dataAt - 4));
  const signature = Buffer.concat([field('ssh-ed25519'), field(sign(null, data, agentKey.privateKey))]);
  return Buffer.concat([Buffer.from([14]), field(signature)]);
}

function same(actual, expected) {
  if (actual !== expected)
    throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

async function freePort() {
  const listener = createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port: free } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return free;
}

/** Sends `ping` when every greeting has been answered; gives the last that came. */
function talk(at, greetings = []) {
  return new Promise((resolve, reject) => {
    const socket = dial(at.port, at.host);
    const toSay = [...greetings, Buffer.from('ping')];
    socket.once('connect', () => socket.write(toSay.shift()));
    socket.on('data', (answer) => {
      const next = toSay.shift();
      if (next) return socket.write(next);
      socket.destroy();
      resolve(answer.toString());
    });
    socket.on('error', reject);
  });
}
