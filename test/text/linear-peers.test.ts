import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it, vi } from 'vitest';
import { checkClock } from '../../src/cli/doctor/checks/clock.ts';
import { checkDisk } from '../../src/cli/doctor/checks/disk.ts';
import { checkExec } from '../../src/cli/doctor/checks/exec.ts';
import { checkWindows } from '../../src/cli/doctor/checks/windows.ts';
import { Visit } from '../../src/cli/doctor/visit.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import { readCustomers } from '../../src/customers/read.ts';
import { quoteMsvcrtArg, windowsProgram } from '../../src/exec/quote/msvcrt.ts';
import { readCertificate } from '../../src/host-key/certificates/certificate.ts';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { entriesFor, prepareQuery } from '../../src/host-key/known-hosts/entries.ts';
import * as posixJobs from '../../src/job/posix/look.ts';
import * as windowsJobs from '../../src/job/windows/look.ts';
import { plainKey } from '../../src/setup/customer/key.ts';
import { diffLines } from '../../src/setup/diff.ts';
import { SetupAnswer } from '../../src/setup/shell.ts';
import { readFolder } from '../../src/sftp/folders/read-folder.ts';
import { ensureFolders } from '../../src/sftp/folders/remote-folders.ts';
import { remotePath } from '../../src/sftp/names/paths.ts';
import { readBytes } from '../../src/socks/read-bytes.ts';
import { inKexInit, nameList } from '../../src/ssh2/insides/key-exchange/server-offer.ts';
import { AgentClient } from '../../src/ssh2/login/agent-client.ts';
import { PacketReader } from '../../src/ssh2/sftp/wire.ts';
import { protocolHint } from '../../src/ssh2/transport/protocol-hint.ts';
import { Transport } from '../../src/ssh2/transport/transport.ts';
import { readBanner } from '../../src/tunnel/banner-probe.ts';
import { temporaryFolder } from '../customers/world.ts';
import { expectLinear } from '../support/growth.ts';

/** What the answers of a job's commands begin with, without its random part. */
const mark = `ssh-via-gateway:${'0'.repeat(16)}`;
vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof import('node:crypto')>()),
  randomBytes: (length: number) => Buffer.alloc(length),
}));

const repeated = (...pieces: string[]) =>
  pieces.map((piece) => [piece.slice(0, 30), (size: number) => piece.repeat(size)] as const);
const many = <T>(count: number, of: (at: number) => T) => Array.from({ length: count }, (_, at) => of(at));
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const byByte = (bytes: Buffer, take: (byte: Buffer) => void) => {
  for (let at = 0; at < bytes.length; at++) take(bytes.subarray(at, at + 1));
};

describe('the work on what a peer sends is linear in its length', () => {
  const key = Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.alloc(32, 7))]);
  /** A certificate without a true signature: the whole of it is read before that is looked at. */
  const certificate = ({ id = '', principals = '', options = '', extensions = '' }) =>
    Buffer.concat([
      ...['ssh-ed25519-cert-v01@openssh.com', 'nonce'].map((text) => wireString(text)),
      ...[wireString(Buffer.alloc(32, 7)), Buffer.alloc(8), uint32(2), wireString(id)],
      ...[wireString(Buffer.from(principals, 'latin1')), Buffer.alloc(16)],
      ...[options, extensions, ''].map((text) => wireString(Buffer.from(text, 'latin1'))),
      wireString(key),
      wireString(Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.alloc(64, 1))])),
    ]);
  const packed = ['', 'name'].map((text) => wireString(text).toString('latin1'));
  const parts = ['id', 'principals', 'options', 'extensions'].flatMap((part) =>
    [...packed, '\0'].map((piece) => [part, piece] as const),
  );
  it.each(parts)('a certificate: %s of %j', async (part, piece) => {
    await expectLinear(
      1_000,
      (size) => certificate({ [part]: piece.repeat(size) }),
      (blob) => readCertificate(blob),
    );
  });

  const name = (extended: number) =>
    Buffer.concat([
      ...[wireString('name'), wireString('long name'), uint32(extended ? 0x80000000 : 0)],
      ...(extended ? [uint32(extended), Buffer.alloc(8 * extended)] : []),
    ]);
  it.each([
    ['names', (size: number) => Buffer.concat([uint32(size), ...many(size, () => name(0))])],
    ['extended attributes', (size: number) => Buffer.concat([uint32(1), name(size)])],
    [
      'too many extended attributes',
      (size: number) => Buffer.concat([uint32(1), name(size).fill(0xff, 29, 33)]),
    ],
  ])('an SFTP reply: %s', async (_, inputOf) => {
    await expectLinear(1_000, inputOf, (bytes) => {
      try {
        new PacketReader(bytes, 0).names();
      } catch {
        // A list that is cut off.
      }
    });
  });

  it.each([
    ['each another one', (at: number) => `name-${at}`],
    ['the same again and again', (at: number) => `name-${at % 3}`],
  ])('the names of a folder, %s', async (_, nameOf) => {
    const where = { host: 'h', port: 22 };
    const rows = (size: number) =>
      many(size / 10, (row) =>
        many(10, (at) => nameOf(10 * row + at)).map((text) => ({
          raw: Buffer.from(text),
          name: text,
          attributes: {},
        })),
      );
    await expectLinear(1_000, rows, async (all) => {
      let next = 0;
      const requests = {
        opendir: async () => Buffer.from('h'),
        readdir: async () => all[next++],
        closeHandle: async () => {},
      };
      await readFolder(requests as never, '/', { where } as never);
    });
  });

  it.each(repeated('x', 'x\n', 'SSH-', 'SSH-2.0\n', '\r', '\n'))(
    'what a server sends before its identification string, byte by byte: %j',
    async (_, inputOf) => {
      await expectLinear(
        800,
        (size) => Buffer.from(inputOf(size)),
        (bytes) => {
          const events = { onIdentification() {}, onInvalid: () => transport.kill(), onEnd() {} };
          const raw = new PassThrough();
          const transport: Transport = new Transport(raw, events);
          byByte(bytes, (byte) => void raw.emit('data', byte));
          transport.destroy();
        },
      );
    },
  );

  it.each(repeated('x', 'SSH-', 'x\n', '\n'))(
    'the banner behind a port, byte by byte: %j',
    async (_, inputOf) => {
      await expectLinear(
        150,
        (size) => Buffer.from(inputOf(size)),
        async (bytes) => {
          const stream = new PassThrough();
          const answer = readBanner(stream, 10_000);
          byByte(bytes, (byte) => void stream.emit('data', byte));
          stream.emit('end');
          await answer;
        },
      );
    },
  );

  it('a reply of a SOCKS proxy, in small pieces', async () => {
    await expectLinear(
      2_000,
      (size) => Buffer.alloc(size),
      async (bytes) => {
        const stream = new PassThrough({ highWaterMark: 1 << 20 });
        const answer = readBytes(stream, bytes.length);
        for (let at = 0; at < bytes.length; at += 8) stream.write(bytes.subarray(at, at + 8));
        await answer;
      },
    );
  });

  it('the keys of an agent', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'agent');
    let reply: Buffer = Buffer.alloc(0);
    const agent = createServer((socket) => socket.once('data', () => socket.write(reply))).listen(path);
    await once(agent, 'listening');
    const list = (size: number) => {
      const keys = many(size, () => Buffer.concat([wireString(key), wireString('comment')]));
      return wireString(Buffer.concat([Buffer.from([12]), uint32(size), ...keys]));
    };
    await expectLinear(20, list, (answer) => {
      reply = answer;
      return new AgentClient(path, new AbortController().signal).keys();
    });
    agent.close();
  });

  it.each(repeated(',', 'a,', 'a', 'kex-strict-', 'mlkem,'))(
    'the lists of a key exchange: %s',
    async (_, inputOf) => {
      const lists = (size: number) =>
        Buffer.concat([Buffer.alloc(17), ...many(10, () => wireString(inputOf(size)))]);
      await expectLinear(1_500, lists, (payload) => {
        const names = inKexInit(payload, nameList) ?? [];
        const offer = { kex: names, serverHostKey: names, cipher: names, mac: names };
        return protocolHint('key exchange algorithm', false, offer);
      });
    },
  );

  const kinds = [
    ['Linux', posixJobs],
    ['Windows', windowsJobs],
  ] as const;
  it.each(kinds)('the list of all jobs, from %s', async (_, jobs) => {
    const command = jobs.listCommand('dir');
    const stdout = (size: number) =>
      Buffer.from(
        many(size, (at) => `job=${at} claim=1:7:s:b:f:9:-:${at} exit=0,9,,end out=1 err=2 now=9`).join('\n'),
      );
    await expectLinear(500, stdout, (text) =>
      command.read({
        stdout: Buffer.concat([Buffer.from(`${mark}\n`), text]),
        stderr: Buffer.alloc(0),
        exitCode: 0,
        signal: undefined,
      } as never),
    );
  });

  it.each(repeated('failed x\n', ' ', 'did a b c\n', '\n'))(
    'what a set-up script says: %j',
    async (_, inputOf) => {
      await expectLinear(1_500, inputOf, (text) => {
        const answer = new SetupAnswer(text);
        return [answer.all('did'), answer.first('failed'), answer.first('done')];
      });
    },
  );

  it.each(repeated('A', '=', ' ', '\t'))('the public key of a customer: %j', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) => {
      try {
        plainKey(`ssh-ed25519 AAAA${text}! x`);
      } catch {
        // No key.
      }
    });
  });

  it.each(repeated('x\n', '\n', 'y'))('the diff of a file of a gateway: %j', async (_, inputOf) => {
    await expectLinear(400, inputOf, (text) => diffLines(text, 'new\nx\nlines\n'));
    await expectLinear(400, inputOf, (text) => diffLines(text, text.replaceAll('x', 'z')));
  });

  const paths = repeated('/', '//a', 'a/', '\\', '~/');
  it.each(paths)('a path of a server: %j', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) => remotePath(`${text}x`, 'target', undefined));
  });

  it.each(repeated('1', ' 1', ' ', '1 1% ', '1% ', '%COMSPEC% ', '\r', 'a=b\n', 'a', '=', 'x\n'))(
    'the answers that doctor asks for: %j',
    async (_, inputOf) => {
      const visit = new Visit(
        { host: 'h', username: 'u' },
        { words: english, signal: new AbortController().signal, mayTakeLonger: false },
      );
      const says = (text: string) => {
        const exec = async (command: string) => {
          const stdout = `${/^echo (\S+)/.exec(command)?.[1] ?? ''}${text}x`;
          return { stdout, stderr: text, exitCode: 0, durationMs: 1 };
        };
        return { serverVersion: '', exec, powershell: exec } as never;
      };
      const means = { home: undefined, runs: true, windows: false };
      await expectLinear(1_500, inputOf, (text) => checkDisk(says(text), visit, means));
      await expectLinear(1_500, inputOf, (text) => checkExec(says(text), visit));
      await expectLinear(1_500, inputOf, (text) => checkWindows(says(text), visit));
      await expectLinear(1_500, inputOf, (text) => checkClock(says(text), visit, true));
      await expectLinear(1_500, inputOf, (text) => checkClock(says(text), visit, false));
    },
  );
});

describe('the work on what a file or a caller contains is linear in its length', () => {
  const customer = (at: number) => `"c${at}": { "account": "a${at}", "port": ${1_024 + at} }`;
  const file = (entries: string[]) =>
    `{ "gateway": { "host": "h" }, "customers": {\n${entries.join(',\n')} } }`;
  it.each([
    ['customers', customer],
    ['customers of one port', (at: number) => `"c${at}": { "account": "a", "port": 1024 }`],
    ['customers without account and port', (at: number) => `"c${at}": {}`],
    ['misspelt members', (at: number) => `"c${at}": { "Account": 1, "Port": "x", "zz": 1 }`],
    ['names that do not fit', (at: number) => `"?${at}": 1`],
    [
      'labels',
      (at: number) => `"c${at}": { "account": "a${at}", "port": ${1_024 + at}, "labels": { "l": "x" } }`,
    ],
  ])('a customers file and its check: %s', async (_, entry) => {
    await expectLinear(
      300,
      (size) => file(many(size, entry)),
      (text) => {
        try {
          return readCustomers({ file: '/customers.json', text });
        } catch (error) {
          return error;
        }
      },
    );
  });

  it('all of a known_hosts file', async () => {
    const key = `ssh-ed25519 ${Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.alloc(32, 7))]).toString('base64')}`;
    const text = (size: number) => many(size, (at) => `host-${at},[h]:2222 ${key}\n`).join('');
    const { names } = prepareQuery({ host: 'h', port: 2222, knownHosts: '/x' });
    await expectLinear(500, text, (all) => entriesFor([{ path: '/x', text: all }], names.name));
  });

  it.each(repeated('\\', '"', '\\"', '\\\\"', ' ', '. '))(
    'an argument for Windows: %j',
    async (_, inputOf) => {
      await expectLinear(1_500, inputOf, (text) => quoteMsvcrtArg(`${text} x`));
      await expectLinear(1_500, inputOf, (text) => windowsProgram(`${text}x`));
    },
  );

  it.each(repeated('/', 'a', 'a//'))('a folder to create: %j', async (_, inputOf) => {
    const requests = {
      mkdir: async () => {
        throw new Error('no');
      },
      stat: async () => ({}),
    };
    await expectLinear(1_500, inputOf, (path) =>
      ensureFolders(requests as never, `${path}x`).catch(() => {}),
    );
  });
});
