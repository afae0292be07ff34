import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/customers/json/parse.ts';
import { createClixmlFilter } from '../../src/exec/output/clixml.ts';
import { createDecoder } from '../../src/exec/output/decode.ts';
import { LineSplitter } from '../../src/exec/output/lines.ts';
import { parsePublicKeyLine } from '../../src/host-key/keys/fingerprint.ts';
import { readPublicKey } from '../../src/host-key/keys/public-key.ts';
import { HostMatcher } from '../../src/host-key/known-hosts/match.ts';
import { knownHostsLines, parseHostKey } from '../../src/host-key/known-hosts/parse.ts';
import { fromAirflowConnection } from '../../src/interop/from-airflow-connection.ts';
import { holds } from '../../src/interop/ssh-config/conditions.ts';
import type { Found } from '../../src/interop/ssh-config/lookup.ts';
import { parseConfig } from '../../src/interop/ssh-config/parse.ts';
import { routeOf } from '../../src/interop/ssh-config/route.ts';
import { expandedPath } from '../../src/interop/ssh-config/tokens.ts';
import { milliseconds, wholeNumber } from '../../src/interop/ssh-config/values.ts';
import { findFields, readRecord } from '../../src/job/host/record.ts';
import { splitCommandLine } from '../../src/route/command-line.ts';
import { loadCredentials } from '../../src/ssh2/login/credentials.ts';
import { PacketSplitter } from '../../src/ssh2/sftp/splitter.ts';
import { printable } from '../../src/text/printable.ts';
import { listTunnels } from '../../src/tunnel/list/list.ts';
import { FakeConnection, shellSays } from '../support/fake-gateway.ts';
import { expectLinear } from '../support/growth.ts';

const repeated = (...pieces: string[]) =>
  pieces.map((piece) => [piece.trim().slice(0, 30), (size: number) => piece.repeat(size)] as const);

/** What a parser throws at wrong input is not the subject here. */
async function anyway(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch {}
}

function found(keyword: string, value: string): Found {
  const setting = { keyword, value, words: [value] };
  return {
    alias: 'a',
    localUser: 'u',
    values: new Map([[keyword, setting]]),
    identityFiles: [],
    certificateFiles: [],
  };
}

const tokens = {
  ...{ alias: 'a', host: 'h', port: 22, username: 'u', localUser: 'u' },
  hostKeyAlias: undefined,
};

it('the measurement detects quadratic work', async () => {
  const inputOf = (size: number) => 'ab'.repeat(size);
  const work = (text: string) => {
    let found = 0;
    for (let at = 0; at < text.length; at += 2) if (text.indexOf('b', at) === text.lastIndexOf('aa')) found++;
    return found;
  };
  await expect(expectLinear(500, inputOf, work)).rejects.toThrow('less than or equal to 12');
});

describe('the work on what a server sends is linear in its length', () => {
  const xml = repeated(
    '<Obj ',
    '<Obj S="a">',
    '<Obj S="a"></Obj>',
    '<S S="Error">x',
    '<',
    '</S>',
    '#< CLIXML\n',
  );
  it.each(xml)('messages of PowerShell: %s', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) => {
      const filter = createClixmlFilter();
      filter.write(`#< CLIXML\r\n${text}`);
      filter.end();
    });
  });

  it.each(xml)('messages of PowerShell, character by character: %s', async (_, inputOf) => {
    await expectLinear(400, inputOf, (text) => {
      const filter = createClixmlFilter();
      filter.write('#< CLIXML\r\n');
      for (const character of text) filter.write(character);
      filter.end();
    });
  });

  it.each(repeated('x', 'x\n', '\r', '\n'))('lines in small pieces: %s', async (_, inputOf) => {
    await expectLinear(2_000, inputOf, (text) => {
      const lines = new LineSplitter();
      for (const character of text) lines.push(character);
      lines.end();
    });
  });

  it.each(['utf8', 'cp949', 'utf16le'])('text in %s, byte by byte', async (encoding) => {
    const bytes = (size: number) => Buffer.alloc(size, Buffer.from([0xb0, 0xa1, 0x41]));
    await expectLinear(500, bytes, (input) => {
      const decoder = createDecoder(encoding);
      for (let at = 0; at < input.length; at++) decoder.write(input.subarray(at, at + 1));
      decoder.end();
    });
  });

  it.each(repeated('a=b ', '=', ' ', 'claim=1:2:3:4 '))('the answer about a job: %s', async (_, inputOf) => {
    await expectLinear(2_000, inputOf, (text) => {
      readRecord(findFields(Buffer.from(`noise${text}\nmark ${text}\n`), 'mark').fields);
    });
  });

  it.each(repeated('1:', ':', ',', 'A'))('a claim and an exit of a job: %s', async (_, inputOf) => {
    await expectLinear(2_000, inputOf, (text) => {
      readRecord(new Map(['claim', 'exit', 'killed'].map((name) => [name, text])));
    });
  });

  it('the listeners, notes and sessions of a gateway', async () => {
    const lines = (size: number) =>
      ['boot b', 'uid 0', 'self 2 2 sshd', 'session 1 1 0 0 sshd'].concat(
        Array.from({ length: size }, (_, n) => {
          const port = (1 + (n % 60_000)).toString(16);
          return `listener 00000000:${port} 7\nholder ${n} ${n}\nnote ${n} ${n} 1 b\nsession ${n + 2} 1 7 1 sshd\nuser ${n} u`;
        }),
      );
    await expectLinear(1_000, lines, async (answer) => {
      const connection = new FakeConnection();
      connection.onExec = () => shellSays(...answer);
      await listTunnels(connection, { check: false });
    });
  });

  it('packets of SFTP, byte by byte', async () => {
    const packet = Buffer.from([0, 0, 0, 9, 101, 0, 0, 0, 1, 0, 0, 0, 0]);
    const stream = (size: number) => Buffer.concat(Array.from({ length: size }, () => packet));
    await expectLinear(1_000, stream, (bytes) => {
      const splitter = new PacketSplitter(() => {});
      for (let at = 0; at < bytes.length; at++) splitter.push(bytes.subarray(at, at + 1));
    });
  });

  it.each(repeated('\x1b', '\ud800', 'x'))('printable text: %j', async (_, inputOf) => {
    await expectLinear(3_000, inputOf, (text) => printable(text));
  });

  it('a host key', async () => {
    const blob = (size: number) =>
      Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from('ssh-rsa'.repeat(size))]);
    await expectLinear(3_000, blob, (bytes) => void readPublicKey(bytes));
  });
});

describe('the work on the content of a file is linear in its length', () => {
  it.each(repeated('1', '1m', 'x', '1!', ' '))('a time of ssh_config: %s', async (_, inputOf) => {
    await expectLinear(2_000, inputOf, (text) =>
      anyway(async () => milliseconds(found('k', `${text}!`), 'k')),
    );
  });

  it.each(repeated('1', '0', ' '))('a number of ssh_config: %s', async (_, inputOf) => {
    await expectLinear(3_000, inputOf, (text) =>
      anyway(async () => wholeNumber(found('k', text), 'k', 1, 2)),
    );
  });

  const settings = repeated(
    ...[
      ' #',
      '#',
      ' "a"',
      '"',
      "'",
      '\\"',
      ' ',
      '=',
      'x',
      '\nHost a',
      '\nIdentityFile x',
      '\nProxyCommand a b',
    ],
  );
  it.each(settings)('a file of ssh_config: %s', async (_, inputOf) => {
    await expectLinear(2_000, inputOf, (text) => anyway(() => parseConfig(`User x${text}\r\n`, 'config')));
  });

  it.each(repeated('${', '${a', '%%', '%', '}', '{'))('a path of ssh_config: %s', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) =>
      anyway(async () => expandedPath('IdentityFile', text, tokens)),
    );
  });

  it.each(repeated('a@', '@[', '[', ':1', ':', '/'))('a ProxyJump: %s', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) =>
      anyway(() => routeOf(found('proxyjump', `${text}!`), async () => ({ host: 'h', username: 'u' }))),
    );
  });

  it.each(repeated('*a', '?', '*', 'a,', '!a,'))('a pattern of Host and Match: %s', async (_, inputOf) => {
    const subject = {
      alias: 'a'.repeat(30),
      host: 'h',
      user: 'u',
      localUser: 'u',
      final: false,
      askForFinal() {},
    };
    await expectLinear(1_500, inputOf, (text) => {
      holds({ keyword: 'match', value: '', words: ['originalhost', text] }, subject, 'config');
    });
  });

  it.each(repeated('"a" ', "'a' ", '\\"', '\\', ' ', 'a ', '"|" '))(
    'a proxy command: %s',
    async (_, inputOf) => {
      await expectLinear(1_500, inputOf, (text) => anyway(async () => splitCommandLine(`a ${text}`)));
    },
  );

  const entries = repeated(
    'a*b,',
    '*a',
    '@',
    '#',
    '\n',
    ' ',
    'h ssh-ed25519 AAAA\n',
    '|1|',
    '\0',
    '!x,',
    'h ',
    '\t',
  );
  it.each(entries)('known_hosts: %s', async (_, inputOf) => {
    const matcher = new HostMatcher('host.example.com');
    await expectLinear(1_500, inputOf, (text) => {
      for (const { hosts, keyText } of knownHostsLines(`${text} ssh-rsa A`)) {
        if (matcher.matches(hosts)) parseHostKey(keyText);
      }
    });
  });

  it.each(repeated('=', 'A', ' ', '\n'))('a public key in a line: %s', async (_, inputOf) => {
    await expectLinear(3_000, inputOf, (text) =>
      anyway(async () => parsePublicKeyLine(`ssh-ed25519 ${text}AAAA x`)),
    );
  });

  it('a file of customers', async () => {
    const inputOf = (size: number) =>
      `{${Array.from({ length: size }, (_, at) => `"name-${at}": "x\\n"`).join(', ')}}`;
    // Small enough for the processor's cache: a set of names outgrows it soon.
    await expectLinear(300, inputOf, (text) => parseJson(text));
  });

  it.each(repeated('"', '[', '\\\\', ' ', '1', 'x'))('an invalid customers file: %s', async (_, inputOf) => {
    await expectLinear(1_500, inputOf, (text) => anyway(async () => parseJson(`{"a": "x${text}`)));
  });

  const heads = ['BEGIN OPENSSH PRIVATE KEY', 'BEGIN RSA PRIVATE KEY', 'BEGIN PRIVATE KEY'];
  const keys = heads.flatMap((head) =>
    ['A', '\n', '-', ' ', `-----${head}-----\n`, 'a: b\n', '\r\n', '-----END'].map(
      (piece) => [head, piece] as const,
    ),
  );
  it.each(keys)('a private key, %s: %j', async (head, piece) => {
    const inputOf = (size: number) => `-----${head}-----\n${piece.repeat(size)}\n-----END X-----\n`;
    await expectLinear(1_500, inputOf, (privateKey) =>
      anyway(() => loadCredentials({ username: 'u', privateKey })),
    );
  });

  it.each(repeated('A', '\r\n', 'Key: x\r\n', ' '))('a key of PuTTY: %s', async (_, inputOf) => {
    const start = 'PuTTY-User-Key-File-2: ssh-ed25519\r\nEncryption: none\r\nComment: ';
    await expectLinear(
      1_500,
      (size) => start + inputOf(size),
      (privateKey) => anyway(() => loadCredentials({ username: 'u', privateKey })),
    );
  });

  it.each(repeated('\n', ' \n', 'x'))('the extra of an Airflow connection: %s', async (_, inputOf) => {
    await expectLinear(
      1_500,
      (size) => JSON.stringify({ private_key: `x${inputOf(size)}` }),
      (extra) => anyway(async () => fromAirflowConnection({ host: 'h', login: 'u', extra } as never)),
    );
  });
});
