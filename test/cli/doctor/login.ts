import { generateKeyPairSync } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import type { MockServer, MockServerOptions } from '../../../src/mock-server/index.ts';
import { at, loginAt, type Situation, type Stage } from './situation.ts';

const login = { step: 'login', exitCode: 15 } as const;
const refuse = { auth: { refuse: true } };

/** Logs in with these options instead of the key. */
const without =
  (options: MockServerOptions, ...more: string[]): Situation['open'] =>
  async (stage) =>
    (await loginAt(stage, await stage.server(options))).slice(2).concat(more);

const withPassword =
  (password: string, options: MockServerOptions = {}): Situation['open'] =>
  async (stage) => [
    ...(await without(options)(stage)),
    '--password-file',
    await stage.file('password', password),
  ];

const withUsers =
  (user: (server: MockServer) => NonNullable<MockServerOptions['users']>[number]): Situation['open'] =>
  async (stage) => {
    const key = await stage.server();
    const server = await stage.server({ users: [user(key)] });
    return [
      '--identity',
      await stage.file('id', key.clientKey.privateKey),
      '--host-key',
      server.hostKey.fingerprint,
      `rpa@127.0.0.1:${server.port}`,
    ];
  };

const openKey = async (stage: Stage) => {
  const args = await loginAt(stage, await stage.server());
  await chmod(args[1]!, 0o644);
  return args;
};

export const logins: Situation[] = [
  {
    what: 'a key that is refused',
    ...login,
    kind: 'keyRefused',
    todo: /from= or expiry-time.*StrictModes.*administrators_authorized_keys.*journalctl/,
    open: at({ faults: refuse }),
  },
  {
    what: 'a wrong account',
    ...login,
    kind: 'keyRefused',
    todo: /account nobody right/,
    open: async (stage) =>
      (await loginAt(stage, await stage.server())).map((one) => one.replace('rpa@', 'nobody@')),
  },
  {
    what: 'a wrong password',
    ...login,
    kind: 'passwordRefused',
    todo: /expired nor the account locked/,
    open: withPassword('wrong'),
  },
  { what: 'the right password', step: 'login', verdict: 'ok', exitCode: 0, open: withPassword('rpa') },
  {
    what: 'nothing to log in with',
    ...login,
    kind: 'nothingToLogInWith',
    todo: /--identity FILE/,
    open: without({}),
  },
  {
    what: 'a password where only keys are taken',
    ...login,
    kind: 'methodNotTaken',
    says: /takes publickey/,
    todo: /--identity for publickey/,
    open: async (stage) => {
      const key = await stage.server();
      return withPassword('x', { users: [{ username: 'rpa', publicKeys: [key.clientKey.publicKey] }] })(
        stage,
      );
    },
  },
  {
    what: 'a key where only passwords are taken',
    ...login,
    kind: 'methodNotTaken',
    says: /takes password/,
    todo: /--password-file/,
    open: withUsers(() => ({ username: 'rpa', password: 'x' })),
  },
  {
    what: 'a second factor: a password',
    ...login,
    kind: 'secondFactor',
    says: /second factor: password/,
    todo: /AuthenticationMethods/,
    open: withUsers((key) => ({
      username: 'rpa',
      password: 'x',
      publicKeys: [key.clientKey.publicKey],
      requires: ['publickey', 'password'],
    })),
  },
  {
    what: 'a second factor: a code',
    ...login,
    kind: 'secondFactor',
    says: /keyboard-interactive/,
    todo: /cannot type codes/,
    open: withUsers((key) => ({
      username: 'rpa',
      publicKeys: [key.clientKey.publicKey],
      keyboardInteractive: { prompts: ['Code: '], answers: ['1'] },
      requires: ['publickey', 'keyboard-interactive'],
    })),
  },
  {
    what: 'a login that never comes',
    ...login,
    kind: 'loginSilent',
    todo: /domain controller/,
    open: at({ faults: { auth: { hang: true } } }, '--auth-timeout', '400ms'),
  },
  {
    what: 'a login that is cut off',
    ...login,
    kind: 'loginCut',
    todo: /bars the account/,
    open: at({ faults: { auth: { disconnect: 'fin' } } }),
  },
  {
    what: 'a login that is reset',
    ...login,
    kind: 'loginCut',
    todo: /journalctl/,
    open: at({ faults: { auth: { disconnect: 'rst' } } }),
  },
  {
    what: 'too many attempts',
    ...login,
    kind: 'tooManyKeys',
    todo: /MaxAuthTries/,
    open: at({ faults: { auth: { disconnect: 'message' } } }),
  },
  {
    what: 'an account that has expired',
    ...login,
    kind: 'accountRefused',
    says: /has expired/,
    todo: /chage -l/,
    open: at({
      loginBanner: 'Your account has expired; please contact your system administrator',
      faults: refuse,
    }),
  },
  {
    what: 'an account that is locked',
    ...login,
    kind: 'accountRefused',
    says: /locked/,
    todo: /passwd -S/,
    open: at({ loginBanner: 'Account locked due to 5 failed logins', faults: refuse }),
  },
  {
    what: 'a machine that lets nobody in for now',
    ...login,
    kind: 'accountRefused',
    says: /booting up/,
    todo: /nologin/,
    open: at({
      loginBanner: 'System is booting up. Unprivileged users are not permitted to log in yet.',
      faults: refuse,
    }),
  },
  {
    what: 'a refusal after a notice for the lawyers',
    ...login,
    kind: 'keyRefused',
    todo: /^The server says: "WARNING: Unauthorized access is not allowed.*AllowUsers, DenyUsers/,
    open: at({
      loginBanner: 'WARNING: Unauthorized access is not allowed, will be denied\nand prosecuted.',
      faults: refuse,
    }),
  },
  {
    what: 'a refusal with a notice that says nothing of it',
    ...login,
    kind: 'keyRefused',
    todo: /The server says: "Authorized use only"/,
    open: at({ loginBanner: 'Authorized use only', faults: refuse }),
  },
  {
    what: 'a private key that others may read',
    step: 'login',
    verdict: 'warn',
    exitCode: 0,
    says: /other users/,
    todo: /chmod 600/,
    open: openKey,
  },
];

/** Wrong use is told before anything opens: no steps, exit code 2. */
export const unusableKeys: Array<{ what: string; stderr: RegExp; open: Situation['open'] }> = [
  {
    what: 'a key file that is missing',
    stderr: /there is no file .*missing/,
    open: async (stage) => ['--identity', `${stage.folder}/missing`, (await without({})(stage)).at(-1)!],
  },
  {
    what: 'a key file that is none',
    stderr: /not a private key/,
    open: async (stage) => [
      '--identity',
      await stage.file('none', 'hello'),
      (await without({})(stage)).at(-1)!,
    ],
  },
  {
    what: 'a key without its passphrase',
    stderr: /--ask-passphrase/,
    open: async (stage) => [
      '--identity',
      await stage.file('sealed', sealed()),
      (await without({})(stage)).at(-1)!,
    ],
  },
  {
    what: 'a wrong passphrase',
    stderr: /the passphrase is wrong for the private key/,
    open: async (stage) => [
      '--identity',
      await stage.file('sealed', sealed()),
      '--passphrase-file',
      await stage.file('passphrase', 'wrong'),
      (await without({})(stage)).at(-1)!,
    ],
  },
];

function sealed(): string {
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'right', type: 'pkcs8', format: 'pem' } as const;
  return generateKeyPairSync('ed25519').privateKey.export(cipher) as string;
}
