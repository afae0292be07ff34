import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MockGateway, type MockPc, startMockGateway } from '../../mock-server/index.ts';
import { onAbort } from '../../time/on-abort.ts';
import { type Io, say } from '../io.ts';
import { invoice } from './scene.ts';
import { windowsPc } from './windows-pc.ts';

/**
 * A gateway and a PC that stay until the user stops them, for commands in another terminal. The files that these need
 * are in a folder that is removed with them.
 */
export async function keepDemo(state: MockPc['state'], io: Io): Promise<void> {
  await using gateway = await startMockGateway();
  const windows = { codePage: 949, version: '9.5' } as const;
  const pc = await gateway.addPc({ server: { windows, exec: windowsPc } });
  pc.server.files.mkdir('C:\\rpa');
  await become(pc, state);
  const folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-demo-'));
  try {
    const config = await writeAccess(folder, gateway, pc);
    for (const line of guide(gateway, pc, config, io)) say(io.stdout, line);
    await new Promise<void>((resolve) => onAbort(io.signal, resolve));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function become(pc: MockPc, state: MockPc['state']): Promise<void> {
  if (state === 'zombie') pc.vanish();
  if (state === 'pc-sshd-down') pc.stopSshd();
  if (state === 'down') await pc.dropTunnel();
}

/** Writes the key, the host keys and the ssh_config that lead to both. */
async function writeAccess(folder: string, gateway: MockGateway, pc: MockPc): Promise<string> {
  const file = (name: string) => join(folder, name).replaceAll('\\', '/');
  const hosts = [
    ['gateway', gateway.ssh.port, gateway.ssh],
    ['pc', pc.port, pc.server],
  ] as const;
  const keys = hosts.map(([, port, { hostKey }]) => `[${gateway.host}]:${port} ${hostKey.publicKey}\n`);
  await writeFile(join(folder, 'known_hosts'), keys.join(''));
  for (const [name, , { clientKey }] of hosts)
    await writeFile(join(folder, `id_${name}`), clientKey.privateKey, { mode: 0o600 });
  const blocks = hosts.map(([name, port, { username }]) =>
    [
      `Host ${name}`,
      `  HostName ${gateway.host}`,
      `  Port ${port}`,
      `  User ${username}`,
      `  IdentityFile "${file(`id_${name}`)}"`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile "${file('known_hosts')}"`,
    ].join('\n'),
  );
  const config = file('ssh_config');
  await writeFile(file('in.json'), '{"invoice":12}');
  await writeFile(config, `${blocks.join('\n\n')}\n`);
  return config;
}

function guide(gateway: MockGateway, pc: MockPc, config: string, io: Io): string[] {
  // Named as the user started it: npx sets this variable.
  const program = `${io.env['npm_command'] === 'exec' ? 'npx ' : ''}ssh-via-gateway`;
  const at = /\s/.test(config) ? `-F "${config}"` : `-F ${config}`;
  const { username, password, hostKey } = pc.server;
  const { ssh, host } = gateway;
  // The file to send is beside it, and what comes back is stored there.
  const own = (name: string) => {
    const path = config.replace(/ssh_config$/, name);
    return /\s/.test(path) ? `"${path}"` : path;
  };
  const line = (command: string, rest: string) => `  ${program} ${command} ${at} ${rest}`;
  return [
    `A gateway and a PC behind it (Windows, code page 949), until Ctrl-C.`,
    '',
    `gateway  ${ssh.username}@${host}:${ssh.port}  password ${ssh.password}  host key ${ssh.hostKey.fingerprint}`,
    `PC       ${username}@${host}:${pc.port}  password ${password}  host key ${hostKey.fingerprint}`,
    `the PC's line for known_hosts: [${host}]:${pc.port} ${hostKey.publicKey}`,
    '',
    'In another terminal:',
    '',
    line('doctor', 'pc'),
    line('exec', `--encoding cp949 pc "${invoice}"`),
    line('put', `pc ${own('in.json')} C:/rpa/in.json`),
    line('ls', 'pc C:/rpa'),
    line('get', `pc C:/rpa/in.json ${own('out.json')}`),
    line('job start', `--follow --id first --encoding cp949 pc "${invoice}"`),
    line('shell', 'pc'),
    line('tunnel', `-R ${pc.port + 1}:127.0.0.1:22 gateway`),
    `  ssh ${at} pc`,
    '',
    `With the password, and no ssh_config (in PowerShell: $env:SSH_VIA_GATEWAY_PASSWORD='${password}'):`,
    '',
    `  SSH_VIA_GATEWAY_PASSWORD=${password} ${program} exec -F none --host-key ${hostKey.fingerprint} ${username}@${host}:${pc.port} "echo hello"`,
    '',
  ];
}
