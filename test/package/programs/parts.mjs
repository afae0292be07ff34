// What a bundle holds in another form than the packages it comes from: code pages, and the hash of encrypted keys.
// argv: an encrypted key, its public half, its passphrase. Prints a checksum of the text of each code page.
import { createHash } from 'node:crypto';
import { connectViaGateway } from 'ssh-via-gateway';
import { startMockServer } from 'ssh-via-gateway/mock-server';

const [, , privateKey, publicKey, passphrase] = process.argv;
/** All pairs of bytes that may be a character, a line for each first one. */
const pairs = Buffer.from(
  Array.from({ length: 126 }, (_, first) => [
    ...Array.from({ length: 191 }, (_, second) => [first + 0x81, second + 0x40]).flat(),
    ...[0x20, 0x0a],
  ]).flat(),
);
const server = await startMockServer({
  users: [{ username: 'rpa', publicKeys: [publicKey] }],
  exec: { pairs: { stdout: pairs } },
});
const { host, port, hostKey } = server;
const connection = await connectViaGateway({
  ...{ host, port, username: 'rpa', retry: false, privateKey, passphrase },
  hostKey: { fingerprint: hostKey.fingerprint },
});
const sums = {};
for (const encoding of ['cp936', 'gb18030', 'cp949', 'cp950', 'big5hkscs', 'eucjp', 'shiftjis', 'cp866']) {
  const { stdout } = await connection.exec('pairs', { encoding });
  sums[encoding] = createHash('sha256').update(stdout).digest('hex');
}
console.log(JSON.stringify({ sums }));
await connection.close();
await server.close();
