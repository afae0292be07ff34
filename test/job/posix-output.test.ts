import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachJob } from '../../src/job/attach-job.ts';
import { startJob } from '../../src/job/start-job.ts';
import { all, localJobs, untilOver } from './support.ts';

describe('a job on a POSIX server', () => {
  const local = localJobs();
  const { start } = local;

  describe('output', () => {
    it('is read from any offset, in pieces of about 1 MiB, without gaps or repetition', async () => {
      const job = await start(
        'i=0; while [ $i -lt 40000 ]; do echo "$i abcdefghijklmnopqrstuvwxyz0123456789"; i=$((i+1)); done',
      );
      await untilOver(job);
      const whole = await local.account.read('job', 'stdout');
      const pieces: Buffer[] = [];
      let piece = await job.output();
      for (; ; piece = await job.output({ from: piece.next })) {
        pieces.push(piece.stdout);
        expect(piece.stdout.length).toBeLessThanOrEqual(1_048_576 + 65_536);
        if (piece.done) break;
      }
      expect(pieces.length).toBeGreaterThan(1);
      expect(Buffer.concat(pieces).toString()).toBe(whole);
      for (const from of [0, 1, 65_535, 65_536, 65_537, 1_000_000]) {
        const { stdout, next } = await job.output({ from: { stdout: from } });
        expect(whole?.startsWith(stdout.toString(), from)).toBe(true);
        // A whole piece where there is as much, or a reader would believe that no more is waiting.
        expect(stdout.length).toBeGreaterThanOrEqual(Math.min(1_048_576, whole!.length - from));
        expect(next).toEqual({ stdout: from + stdout.length, stderr: 0 });
      }
    });

    it('may contain any bytes', async () => {
      const job = await start("printf '\\000\\377\\r\\nssh-via-gateway:' ; printf '\\001' >&2");
      await untilOver(job);
      const { stdout, stderr, done } = await job.output();
      expect(stdout).toEqual(Buffer.from('\0\xff\r\nssh-via-gateway:', 'latin1'));
      expect(stderr).toEqual(Buffer.from([1]));
      expect(done).toBe(true);
    });

    it('is decoded across pieces', async () => {
      const file = join(local.account.home, 'text');
      await writeFile(file, Buffer.from('b0a1b3aab4d9', 'hex'));
      const command = `for i in 1 2 3 4 5 6; do dd if=${file} bs=1 skip=$((i-1)) count=1 2>/dev/null; sleep 0.3; done`;
      const job = await startJob(local.account.host, command, { id: 'job', encoding: 'cp949' });
      const { stdout } = await all(job);
      expect(stdout).toBe('가나다');
    });

    it('that is shorter than what was read before means that the job was replaced', async () => {
      const job = await start('echo 1');
      await untilOver(job);
      await expect(job.output({ from: { stdout: 3 } })).rejects.toMatchObject({ name: 'JobLost' });
    });

    it.each([{ stdout: -1 }, { stdout: 1.5 }, { stdout: '1' }, { both: 1 }])(
      'cannot be read from %j',
      async (from) => {
        const job = attachJob(local.account.host, 'job');
        await expect(job.output({ from: from as object })).rejects.toThrow(/from/);
      },
    );
  });
});
