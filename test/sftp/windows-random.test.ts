import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSshError } from '../../src/errors/index.ts';
import type { MockServer } from '../../src/mock-server/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { windowsVersions } from '../../src/windows/versions.ts';
import { bytesOf, localFolder, mockSftp } from '../support/mock-sftp.ts';

/** `RANDOM_FILES=200 RANDOM_BYTES=20000000` makes the long run of it. */
const count = Number(process.env['RANDOM_FILES'] ?? 8);
const mostBytes = Number(process.env['RANDOM_BYTES'] ?? 400_000);
const folder = '/C:/rpa/받은 파일';
const lanes = 4;

/** Random numbers from 0 to below `most`, the same for the same seed. */
function randomFrom(seed: number) {
  let state = seed;
  return (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Another program that opens what it finds, one file after the other, and keeps it for a moment. */
function nosyProgram({ files, hold }: Pick<MockServer, 'files' | 'hold'>, random: (most: number) => number) {
  const shares = [[], ['read'], ['read', 'write'], ['read', 'write', 'delete']] as const;
  let opened = 0;
  const timer = setInterval(() => {
    const found = files.list(folder);
    const path = found[random(found.length)];
    if (path === undefined) return;
    try {
      hold(path, 10 + random(120), { share: [...(shares[random(shares.length)] ?? [])] });
      opened++;
    } catch {
      // A client has it open in a way that does not allow this.
    }
  }, 5);
  return {
    get opened() {
      return opened;
    },
    stop: () => clearInterval(timer),
  };
}

/** As a worker does it: what says that it may be tried again is tried again. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      return void (await work());
    } catch (error) {
      if (left === 0 || !isSshError(error) || !error.retryable) throw error;
    }
  }
}

describe('random files while another program opens some of them', () => {
  it.each(windowsVersions)(
    'are uploaded, replaced, resumed and downloaded on Windows %s: none lost, none wrong, nothing left behind',
    async (version) => {
      await using mock = await mockSftp({ windows: { version } });
      await using local = await localFolder();
      const { files } = mock.server;
      files.mkdir(folder);
      const random = randomFrom(Number(version) * 10);
      const program = nosyProgram({ files, hold: mock.server.hold.bind(mock.server) }, randomFrom(7));
      const one = async (number: number) => {
        const remote = `${folder}/송장 ${number}.bin`;
        const here = join(local.path, `${number}`);
        const [old, content] = [
          bytesOf(random(mostBytes), number + 1),
          bytesOf(random(mostBytes), number + 5_000),
        ];
        await untilDone(() => upload(mock.opener, old, remote));
        const cutAt = random(content.length + 1);
        await uploadUntil(mock, content, remote, cutAt);
        const between = files.read(remote);
        expect(between.equals(old) || between.equals(content), `${remote} after a cut`).toBe(true);
        await writeFile(here, content);
        const verify = random(2) === 0 ? 'sha256' : 'size';
        await untilDone(() => upload(mock.opener, here, remote, { resume: true, verify }));
        expect(files.read(remote).equals(content), remote).toBe(true);
        await untilDone(() => download(mock.opener, remote, `${here} back`));
        expect((await readFile(`${here} back`)).equals(content), `${remote} back`).toBe(true);
      };
      const numbers = Array.from({ length: count }, (_, number) => number);
      const workers = Array.from({ length: lanes }, async () => {
        for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await one(number);
      });
      await Promise.all(workers).finally(() => program.stop());
      expect(files.list(folder).sort()).toEqual(
        Array.from({ length: count }, (_, number) => `${folder}/송장 ${number}.bin`).sort(),
      );
      expect(program.opened).toBeGreaterThan(0);
    },
    Math.max(20_000, count * 5_000),
  );
});

/** An upload that resumes and is given up when so many bytes are through. */
async function uploadUntil(
  { opener }: Awaited<ReturnType<typeof mockSftp>>,
  content: Buffer,
  remote: string,
  bytes: number,
): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ transferred }: { transferred: number }) => {
    if (transferred >= bytes) stop.abort(new Error('cut'));
  };
  await upload(opener, content, remote, { resume: true, signal: stop.signal, onProgress }).catch(() => {});
}
