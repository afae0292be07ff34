import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type ExecContext,
  type MockGateway,
  type MockPc,
  type MockUser,
  startMockGateway,
  startMockServer,
} from '../../src/mock-server/index.ts';

// A process of its own: snippets subscribe to what the library does, for as long as their process lives.

const root = resolve(import.meta.dirname, '../..');
const documents = ['README.md', ...(await readdir(join(root, 'docs'))).map((name) => `docs/${name}`)];

interface Snippet {
  document: string;
  line: number;
  code: string;
  /** Said in an HTML comment before the snippet: `<!-- runs on: posix -->` for a PC with a POSIX shell. */
  posix: boolean;
}

async function snippetsOf(document: string): Promise<Snippet[]> {
  const text = await readFile(join(root, document), 'utf8');
  return [...text.matchAll(/(<!-- runs on: posix -->\s*)?^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map((match) => ({
    document,
    line: text.slice(0, match.index + match[0].indexOf('```')).split('\n').length,
    code: match[2] ?? '',
    posix: match[1] !== undefined,
  }));
}

const snippets = (await Promise.all(documents.filter((name) => name.endsWith('.md')).map(snippetsOf))).flat();

let gateway: MockGateway;
let pcs: Record<'windows' | 'posix' | 'zombie' | 'down', MockPc>;
let home: string;
const compiled = join(root, 'test', '.snippets');
const cwd = process.cwd();

beforeAll(async () => {
  gateway = await startMockGateway({
    users: await accounts(),
    exec: () => ({ stderr: 'This account is not available.', exitCode: 1 }),
  });
  pcs = {
    windows: await gateway.addPc({ server: { windows: { codePage: 949 }, exec: windowsCommand } }),
    posix: await gateway.addPc({ server: { exec: posixCommand } }),
    zombie: await gateway.addPc(),
    down: await gateway.addPc(),
  };
  pcs.windows.server.files.write('C:\\rpa\\out.json', '{"done":true}');
  pcs.zombie.vanish();
  await pcs.down.dropTunnel();
  home = await prepareHome();
  vi.stubEnv('HOME', home);
  vi.stubEnv('USERPROFILE', home);
  process.chdir(home);
  await installCloudflared(home);
  await mkdir(compiled, { recursive: true });
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.chdir(cwd);
  await gateway.close();
  await rm(home, { recursive: true, force: true });
  await rm(compiled, { recursive: true, force: true });
});

/** The accounts of the documents, all with the key that every mock server takes. */
async function accounts(): Promise<MockUser[]> {
  await using server = await startMockServer();
  return ['rpa', 'worker', 'tunnel-acme'].map((username) => ({
    username,
    publicKeys: [server.clientKey.publicKey],
  }));
}

/** A `cloudflared` that leads to the Windows PC, as `cloudflared access ssh` leads to the real one. */
async function installCloudflared(folder: string): Promise<void> {
  const program = `#!${process.execPath}
const stream = require('node:net').connect(${pcs.windows.port}, '${gateway.host}');
process.stdin.pipe(stream).pipe(process.stdout);
`;
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'cloudflared'), program, { mode: 0o755 });
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`);
}

/** A home folder as the documents assume it: a key, and known_hosts with the customer's alias. */
async function prepareHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snippets-'));
  await mkdir(join(folder, '.ssh'), { mode: 0o700 });
  const { clientKey, hostKey } = pcs.windows.server;
  for (const name of ['id_ed25519', 'rpa', 'worker']) {
    await writeFile(join(folder, '.ssh', name), clientKey.privateKey, { mode: 0o600 });
  }
  const names = [
    'customer-12',
    'pc-of-acme',
    'pc-acme.example.com',
    ...Object.values(pcs).map(({ port }) => `[${gateway.host}]:${port}`),
  ];
  names.push(`[${gateway.host}]:${gateway.ssh.port}`);
  await writeFile(
    join(folder, '.ssh', 'known_hosts'),
    names.map((name) => `${name} ${hostKey.publicKey}\n`).join(''),
  );
  await writeFile(
    join(folder, '.ssh', 'config'),
    `Host pc-of-kim\n  HostName ${gateway.host}\n  Port ${pcs.windows.port}\n  User rpa\n  IdentityFile ~/.ssh/id_ed25519\n`,
  );
  await writeFile(join(folder, 'in.json'), '{"invoice":12}');
  await mkdir(join(folder, 'invoices', 'november'), { recursive: true });
  await writeFile(join(folder, 'invoices', 'november', '12.json'), '{"invoice":12}');
  return folder;
}

/** Whatever a document runs on its Windows PC succeeds, except what the mock server itself knows to fail. */
function windowsCommand(context: ExecContext) {
  if (/^exit |^false$/.test(context.command)) return context.fallback();
  return { stdout: '송장 처리\r\n' };
}

function posixCommand(context: ExecContext): void {
  const env = { ...process.env, HOME: home };
  const child = spawn('sh', ['-c', context.command], { env, cwd: home });
  context.stdin.pipe(child.stdin).on('error', () => {});
  child.stdout.pipe(context.stdout, { end: false });
  child.stderr.pipe(context.stderr, { end: false });
  child.on('close', (code) => context.exit(code ?? 255));
}

/** An operator's connection is to a real gateway's shell, which no mock has. */
const operator = `
import { FakeConnection, shellSays } from '../support/fake-gateway.ts';
const operator = Object.assign(new FakeConnection(), { onExec: () => shellSays('boot b1', 'uid 0') });
`;

/** Runs the tests that a snippet has defined: here they are part of one. */
function tests(given: string): string {
  return /from '(vitest|node:test|@jest\/globals)'/.test(given)
    ? `import { runTests } from '../support/snippet-tests.ts';\nawait runTests();\n`
    : '';
}

/** The documents' names and ports, replaced by those of the servers in this process. */
function localise({ code: given, posix }: Snippet): string {
  const pc = posix ? pcs.posix : pcs.windows;
  const code =
    given.replace(/await using operator = await connectViaGateway\(.*\);\n/, operator) + tests(given);
  const ports: Record<string, number> = {
    9012: pc.port,
    9013: pcs.zombie.port,
    9014: pcs.down.port,
    2222: gateway.ssh.port,
  };
  const local = code
    .replaceAll('gateway.example.com', gateway.host)
    .replace(/\b(9012|9013|9014|2222)\b/g, (port) => String(ports[port]))
    .replace(/from '(vitest|node:test|@jest\/globals)'/g, "from '../support/snippet-tests.ts'")
    // A tunnel that is kept for ever is closed, so that its program ends.
    .replace('await tunnel.closed;', 'await tunnel.close();')
    .replaceAll('C:\\\\ProgramData\\\\tunnel\\\\', '~/.ssh/')
    .replaceAll('/run/tunnels/acme/', `${home}/`)
    .replaceAll('port: 22 }', `port: ${pc.server.port} }`)
    .replace(/retry: false/g, 'retry: false, timeouts: { banner: 300 }');
  // A desktop is Windows' own, and so are the paths.
  return posix
    ? local.replaceAll('C:\\\\rpa\\\\run.cmd', 'echo').replaceAll('interactive: true', 'interactive: false')
    : local;
}

describe('The documents', () => {
  it('have snippets', () => {
    expect(snippets.length).toBeGreaterThan(8);
  });

  it.each(snippets.map((snippet) => [`${snippet.document}:${snippet.line}`, snippet] as const))(
    'show a program that runs at %s',
    async (_name, snippet) => {
      const file = join(compiled, `${snippet.document.replace(/\W/g, '-')}-${snippet.line}.ts`);
      await writeFile(file, localise(snippet));
      await import(file);
    },
    30_000,
  );
});
