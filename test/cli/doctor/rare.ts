import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type AuthContext, type ServerChannel } from 'ssh2';
import { fingerprintSha256, parsePublicKeyLine } from '../../../src/host-key/keys/fingerprint.ts';
import { generatedKey } from '../../../src/mock-server/keys.ts';
import { keyFolder } from '../../support/certificates.ts';
import { deafPort } from '../../support/deaf-port.ts';
import {
  blobOf,
  newHostKey,
  publicLine,
  type RawServerOptions,
  startRawServer,
} from '../../support/raw-server.ts';
import { through } from './jump-hosts.ts';
import { loginAt, type Situation, type Stage } from './situation.ts';

const onTheWay = { step: 'tcp', exitCode: 11 } as const;
const hostKey = { step: 'hostKey', exitCode: 14 } as const;
const login = { step: 'login', exitCode: 15 } as const;
const certificateAlgorithm = 'ssh-ed25519-cert-v01@openssh.com';
const quick = ['--tcp-timeout', '400ms'];

async function deaf(stage: Stage): Promise<number> {
  const { port, [Symbol.asyncDispose]: close } = await deafPort();
  stage.onEnd(close);
  return port;
}

/** A customer who is reached through a socket of a gateway, where no tunnel listens. */
async function customerWithoutSocket(stage: Stage): Promise<string[]> {
  const server = await stage.server({ unixSockets: true });
  const { publicKey } = server.hostKey;
  const gateway = {
    host: '127.0.0.1',
    port: server.port,
    layout: 'socket',
    username: 'rpa',
    hostKey: [publicKey],
  };
  const customers = { acme: { port: 9012, account: 'tunnel-acme', hostKey: publicKey } };
  const file = await stage.file('customers.json', JSON.stringify({ gateway, customers }));
  return ['--customers', file, '-c', 'acme', '--identity', (await loginAt(stage, server))[1]!];
}

async function raw(stage: Stage, options: Partial<RawServerOptions>): Promise<number> {
  const server = await startRawServer({ key: newHostKey(), strict: true, ...options });
  stage.onEnd(() => server[Symbol.dispose]());
  return server.port;
}

async function impostor(stage: Stage): Promise<string[]> {
  const key = newHostKey();
  const port = await raw(stage, { key, signer: newHostKey() });
  const fingerprint = fingerprintSha256(blobOf(key));
  const identity = await stage.file('id', generatedKey('impostor').privateKey);
  return ['--identity', identity, '--host-key', fingerprint, `rpa@127.0.0.1:${port}`];
}

/** A folder of keys, and a known_hosts that trusts the authority in it for all hosts. */
async function authority(stage: Stage) {
  const folder = await keyFolder();
  stage.onEnd(() => folder[Symbol.asyncDispose]());
  const path = await folder.key('ca');
  const known = await stage.file('known_hosts', `@cert-authority * ${await folder.read(`${path}.pub`)}`);
  return { folder, path, known };
}

/** A host certificate of which one byte has been changed since it was signed. */
async function damagedCertificate(stage: Stage): Promise<string[]> {
  const { folder, path, known } = await authority(stage);
  const certificate = await folder.read(await folder.certify(await folder.key('host'), path, '-h'));
  const blob = Buffer.from(certificate.split(' ')[1]!, 'base64');
  blob[blob.length - 1]! ^= 1;
  const port = await raw(stage, { shown: { algorithm: certificateAlgorithm, blob } });
  return ['--identity', await folder.key('id'), '--known-hosts', known, `rpa@127.0.0.1:${port}`];
}

/** A host certificate for another host. */
async function certificateOfAnother(stage: Stage): Promise<string[]> {
  const { folder, path, known } = await authority(stage);
  const signer = newHostKey();
  const host = join(folder.path, 'host');
  await writeFile(`${host}.pub`, publicLine(signer));
  const certificate = await folder.read(await folder.certify(host, path, '-h', '-n', 'other.example.com'));
  const blob = Buffer.from(certificate.split(' ')[1]!, 'base64');
  const port = await raw(stage, { signer, shown: { algorithm: certificateAlgorithm, blob } });
  return ['--identity', await folder.key('id'), '--known-hosts', known, `rpa@127.0.0.1:${port}`];
}

/** Logs in with a certificate that ends, or ended, then. */
const certified =
  (validity: string): Situation['open'] =>
  async (stage) => {
    const { folder, path } = await authority(stage);
    const server = await stage.server();
    const identity = await folder.key('id');
    await folder.certify(identity, path, '-n', 'rpa', '-V', validity);
    return ['--identity', identity, '--host-key', server.hostKey.fingerprint, `rpa@127.0.0.1:${server.port}`];
  };

/** A server of ssh2's own, for what the mock server never does. */
async function bareServer(
  stage: Stage,
  authenticate: (context: AuthContext) => void,
  onSftp: (channel: ServerChannel) => void = (channel) => channel.close(),
): Promise<string[]> {
  const key = generatedKey('bare');
  const server = new ssh2.Server({ hostKeys: [key.privateKey], ident: 'OpenSSH_9.9' }, (client) => {
    client.on('error', () => {});
    client.on('authentication', authenticate);
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec) => {
        const channel = acceptExec();
        channel.write('ssh-via-gateway-doctor\n');
        channel.exit(0);
        channel.end();
      });
      session.on('subsystem' as never, ((acceptSftp: () => ServerChannel) => onSftp(acceptSftp())) as never);
    });
    stage.onEnd(() => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onEnd(() => void server.close());
  const { port } = server.address() as { port: number };
  return ['--host-key', fingerprintSha256(parsePublicKeyLine(key.publicKey).blob), `rpa@127.0.0.1:${port}`];
}

/** A password that has to be changed before anything else (RFC 4252 section 8). */
async function passwordToChange(stage: Stage): Promise<string[]> {
  const args = await bareServer(stage, (context) => {
    if (context.method === 'password') return context.requestChange('Your password has expired.', () => {});
    context.reject(['password']);
  });
  return [...args, '--password-file', await stage.file('password', 'old')];
}

/** Too short a key for the hash that it would have to sign. */
async function keyThatCannotSign(stage: Stage): Promise<string[]> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 512 });
  const [, , pin, fingerprint, address] = await loginAt(stage, await stage.server());
  const identity = await stage.file('short', privateKey.export({ type: 'pkcs1', format: 'pem' }) as string);
  return ['--identity', identity, pin!, fingerprint!, address!];
}

async function sftpThatEnds(stage: Stage): Promise<string[]> {
  const args = await bareServer(stage, (context) => context.accept());
  return [...args, '--password-file', await stage.file('password', 'x')];
}

/** What takes more to set up than an option of the mock server. */
export const rare: Situation[] = [
  {
    what: 'a name that no name server knows',
    step: 'dns',
    exitCode: 10,
    kind: 'nameUnknown',
    todo: /spelling/,
    open: async () => ['rpa@nowhere.example.com:9012'],
  },
  {
    what: 'a name server that does not answer',
    step: 'dns',
    exitCode: 10,
    kind: 'nameServerSilent',
    todo: /name servers/,
    open: async () => ['rpa@later.example.com:9012'],
  },
  {
    what: 'a gateway that does not answer at all',
    ...onTheWay,
    kind: 'gatewaySilent',
    says: /^jump 1 of 1 .* does not answer at all \(the gateway, not the PC\)$/,
    todo: /firewall drops the packets/,
    open: async (stage) => through(stage, [await deaf(stage), 9], ...quick),
  },
  {
    what: 'a proxy that takes the connection and says nothing',
    ...onTheWay,
    kind: 'routeSilent',
    todo: /proxy on the way is slow or silent/,
    open: async (stage) => [
      ...['rpa@127.0.0.1:9', '--proxy', `http://127.0.0.1:${await stage.port('', 'wait')}`],
      ...quick,
    ],
  },
  {
    what: 'an address to which no network leads',
    ...onTheWay,
    kind: 'networkDown',
    says: /ENETUNREACH/,
    todo: /VPN, default route/,
    open: async () => ['rpa@255.255.255.255:9012'],
  },
  {
    what: 'a customer whose socket on the gateway is not there',
    ...onTheWay,
    kind: 'noSocketBehindGateway',
    says: /nothing listens on the socket/,
    todo: /look at the PC/,
    open: customerWithoutSocket,
  },
  {
    what: 'a server that shows a key that it does not own',
    step: 'keys',
    exitCode: 13,
    kind: 'impostor',
    says: /does not own the host key/,
    todo: /Do not connect/,
    open: impostor,
  },
  {
    what: 'a host certificate that is damaged',
    ...hostKey,
    kind: 'badCertificate',
    says: /not signed by the authority that it names/,
    todo: /do not connect before.*ssh-keygen -s CA -h/,
    open: damagedCertificate,
  },
  {
    what: 'a host certificate for another host',
    ...hostKey,
    kind: 'hostKeyUncertified',
    todo: /authority \(CA\)/,
    open: certificateOfAnother,
  },
  {
    what: 'a certificate that has expired',
    ...login,
    kind: 'certificateRefused',
    todo: /ssh-keygen -L/,
    open: certified('20200101:20200102'),
  },
  {
    what: 'a certificate of an authority that the server does not trust',
    ...login,
    kind: 'certificateRefused',
    todo: /ssh-keygen -L/,
    open: certified('+1h'),
  },
  {
    what: 'a password that the server wants changed',
    ...login,
    kind: 'accountRefused',
    says: /the account rpa may not log in: the password has expired$/,
    todo: /password.*must be changed/,
    open: passwordToChange,
  },
  {
    what: 'a key that cannot sign',
    ...login,
    kind: 'loginBroken',
    says: /could not go on/,
    todo: /look at the key/,
    open: keyThatCannotSign,
  },
  {
    what: 'an SFTP that ends before it says a word',
    step: 'sftp',
    exitCode: 17,
    kind: 'sftpEnded',
    todo: /Subsystem line in sshd_config/,
    open: sftpThatEnds,
  },
];
