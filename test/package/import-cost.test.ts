import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { runOrThrow } from './support/run.ts';

interface Script {
  url: string;
  length: number;
}

/** What V8 compiles while the package is imported, or something is done with it that has been imported. */
const listScripts = (work: string, before = '') => `
  import { Session } from 'node:inspector/promises';
  ${before}
  const session = new Session();
  session.connect();
  const scripts = [];
  session.on('Debugger.scriptParsed', ({ params: { url, length } }) => scripts.push({ url, length }));
  await session.post('Debugger.enable');
  scripts.length = 0;
  ${work}
  console.log(JSON.stringify(scripts.filter(({ url }) => url.includes('node_modules'))));
`;

/** A connection that is refused, and the time in which the rest is loaded. */
const refused = `
  await connectViaGateway({ host: '127.0.0.1', port: 1, username: 'rpa', password: 'p', retry: false }).catch(() => {});
  await new Promise((turn) => setTimeout(turn, 300));
`;

async function run<Result>(program: string): Promise<Result> {
  const args = ['--input-type=module', '-e', program];
  return JSON.parse(await runOrThrow(process.execPath, args, { cwd: inject('plainInstall') })) as Result;
}

const scriptsOfImport = () => run<Script[]>(listScripts(`await import('ssh-via-gateway');`));

const packageOf = ({ url }: Script) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? '';

describe('An import of the package', () => {
  test('loads no other package', async () => {
    expect([...new Set((await scriptsOfImport()).map(packageOf))]).toEqual(['ssh-via-gateway']);
  });

  test('loads neither files nor forwards, jobs and tunnels before they are used', async () => {
    const ours = (await scriptsOfImport()).filter((script) => packageOf(script) === 'ssh-via-gateway');
    const names = ours.map(({ url }) => basename(fileURLToPath(url)).replace(/-[\w-]{8}\.cjs$/, ''));
    expect(names.sort()).toEqual(['common', 'core', 'index.cjs', 'index.js']);
    const bytes = ours.reduce((sum, { length }) => sum + length, 0);
    console.log(`an import compiles ${Math.round(bytes / 1024)} KiB of ours`);
    expect(bytes).toBeLessThan(165_000);
  });

  test('looks for no other package, and has nothing to do afterwards', async () => {
    const seen = await run<string[]>(`
      import Module from 'node:module';
      const asked = [];
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => (asked.push(name), resolve(name, ...rest));
      await import('ssh-via-gateway');
      await new Promise((turn) => setTimeout(turn, 50));
      console.log(JSON.stringify(asked.filter((name) => !name.startsWith('.'))));
    `);
    expect(seen.filter((name) => !name.includes('node_modules/ssh-via-gateway/dist/'))).toEqual([]);
  });
});

/** Among the scripts, when the socket was asked to connect. */
const tellDial = `
  import { Socket } from 'node:net';
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (...args) {
    scripts.push({ url: 'file:///node_modules/the-dial/dial.js', length: 0 });
    return connect.apply(this, args);
  };
`;

describe('A connection', () => {
  test('dials first, then loads ssh2 and what the login and the connection need', async () => {
    const library = `${tellDial} import { connectViaGateway } from 'ssh-via-gateway';`;
    const scripts = await run<Script[]>(listScripts(refused, library));
    const isOurs = (script: Script) => packageOf(script) === 'ssh-via-gateway';
    const order = scripts
      .filter((script) => isOurs(script) || /dial\.js$|keyParser\.js$|client\.js$/.test(script.url))
      .map(({ url }) => basename(fileURLToPath(url)).replace(/-[\w-]{8}\.cjs$/, ''));
    expect(order).toEqual(['dial.js', 'log-in', 'keyParser.js', 'client.js', 'connection']);
    const bytes = scripts.filter(isOurs).reduce((sum, { length }) => sum + length, 0);
    console.log(`a connection compiles ${Math.round(bytes / 1024)} KiB of ours`);
    expect(bytes).toBeLessThan(142_000);
  });

  test.each([
    ['uploads a small file', "upload('package.json', '/file')", ['sftp', 'sftp-up', 'sftp-up-one'], 60_000],
    ['downloads one', "download('/old', 'downloaded')", ['sftp', 'sftp-down', 'sftp-down-one'], 58_000],
    ['looks at one', "sftp().then((sftp) => sftp.stat('/old'))", ['sftp', 'sftp-client'], 65_000],
  ])('that %s compiles only what that needs', async (_what, call, names, most) => {
    const connected = `
      import { connectViaGateway } from 'ssh-via-gateway';
      import { startMockServer } from 'ssh-via-gateway/mock-server';
      const server = await startMockServer();
      const { host, port, username, password, hostKey } = server;
      server.files.write('/old', 'content');
      const connection = await connectViaGateway({ host, port, username, password, hostKey: { fingerprint: hostKey.fingerprint } });
    `;
    const scripts = await run<Script[]>(
      listScripts(`await connection.${call}; await connection.close(); await server.close();`, connected),
    );
    const ours = scripts.filter((script) => packageOf(script) === 'ssh-via-gateway');
    const bytes = ours.reduce((sum, { length }) => sum + length, 0);
    console.log(`${_what}: compiles ${Math.round(bytes / 1024)} KiB of ours`);
    expect(ours.map(({ url }) => basename(fileURLToPath(url)).replace(/-[\w-]{8}\.cjs$/, '')).sort()).toEqual(
      names,
    );
    expect(bytes).toBeLessThan(most);
  });

  test('loads ssh2 and what ssh2 needs, while the network is waited for, and no other package', async () => {
    const library = `import { connectViaGateway } from 'ssh-via-gateway';`;
    const scripts = await run<Script[]>(listScripts(refused, library));
    const needed = [
      'ssh-via-gateway',
      'ssh2',
      'asn1',
      'bcrypt-pbkdf',
      'cpu-features',
      'safer-buffer',
      'tweetnacl',
    ];
    const packages = [...new Set(scripts.map(packageOf))].filter((name) => name !== 'debug' && name !== 'ms');
    expect(packages.filter((name) => !needed.includes(name))).toEqual([]);
    expect(scripts.some(({ url }) => url.endsWith('/ssh2/lib/client.js'))).toBe(true);
    expect(scripts.some(({ url }) => url.endsWith('/ssh2/lib/server.js'))).toBe(false);
  });

  test('whose ssh2 is damaged fails with the error of that, and leaves no socket', async () => {
    const told = await run<{ message: string; sockets: string[]; ended: number }>(`
      import Module from 'node:module';
      import { createServer } from 'node:net';
      import { connectViaGateway } from 'ssh-via-gateway';
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === 'ssh2' || name.startsWith('ssh2/')) throw new Error('damaged: ' + name);
        return load(name, ...rest);
      };
      let ended = 0;
      const server = createServer((socket) => socket.on('error', () => {}).on('close', () => ended++).resume());
      await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
      const { port } = server.address();
      const options = { host: '127.0.0.1', port, username: 'rpa', password: 'p' };
      const { message } = await connectViaGateway(options).catch((error) => error);
      await new Promise((turn) => setTimeout(turn, 100));
      const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
      server.close();
      console.log(JSON.stringify({ message, sockets, ended }));
    `);
    expect(told).toEqual({ message: 'damaged: ssh2', sockets: [], ended: 1 });
  });

  test('says that ssh2 is missing, before anything opens, where it is', async () => {
    const told = await run<{ code: string; message: string; visits: number }>(`
      import Module from 'node:module';
      import { createServer } from 'node:net';
      import { connectViaGateway } from 'ssh-via-gateway';
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => {
        if (name === 'ssh2' || name.startsWith('ssh2/')) return resolve('not-installed/' + name, ...rest);
        return resolve(name, ...rest);
      };
      let visits = 0;
      const server = createServer((socket) => socket.destroy(visits++)).listen(0, '127.0.0.1');
      await new Promise((listening) => server.once('listening', listening));
      const { port } = server.address();
      const options = { host: '127.0.0.1', port, username: 'rpa', password: 'p', retry: false };
      const { code, message } = await connectViaGateway(options).catch((error) => error);
      server.close();
      console.log(JSON.stringify({ code, message, visits }));
    `);
    expect(told).toMatchObject({ code: 'MODULE_NOT_FOUND', visits: 0 });
    expect(told.message).toContain("Cannot find module 'not-installed/ssh2'");
  });
});
