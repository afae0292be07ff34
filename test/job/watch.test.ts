import { describe, expect, it } from 'vitest';
import { jobKeeper } from '../../src/job/host/keeper.ts';
import { Watch } from '../../src/job/output/watch.ts';
import type { HostResult, HostRunOptions, JobHost } from '../../src/job/types.ts';
import { readVariables } from '../support/fake-windows-jobs.ts';

/** A Windows PC whose answers are given by the test, as they come. */
function told() {
  let said = '';
  let options: HostRunOptions | undefined;
  let finish: (result: HostResult) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const host: JobHost = {
    windows: true,
    where: { host: 'pc', port: 22 },
    run: (_, given) => {
      options = given;
      return new Promise((resolve, reject) => {
        finish = resolve;
        fail = reject;
      });
    },
  };
  const watch = new Watch(jobKeeper(host, undefined), 'job', { stdout: 0, stderr: 0 }, { waitMs: 60_000 });
  const asked = () => expect.poll(() => options).toBeDefined();
  const mark = () => readVariables(Buffer.from(options?.stdin ?? '', 'base64').toString())['mark'];
  const answer = (text: string) =>
    `${mark()} claim=1:4:1-4:-:f:1:n:job live=1-4 boot=- exit= killed= out=9 err=0 now=2 stdout=${Buffer.from(text).toString('base64')} stderr=\r\n`;
  return {
    watch,
    asked,
    answer,
    say: (text: string) => {
      said += text;
      options?.onOutput?.(Buffer.from(text));
    },
    /** What was said goes with the result. */
    end: (more = '', exitCode: number | null = 0) =>
      finish({ exitCode, signal: null, stdout: Buffer.from(said + more), stderr: Buffer.alloc(0) }),
    fail: (error: Error) => fail(error),
  };
}
const text = async (watch: Watch) => (await watch.next())?.stdout.toString();

describe('a watch', () => {
  it('reports each look as it arrives, however its line is split, and ignores other lines', async () => {
    const pc = told();
    await pc.asked();
    const first = text(pc.watch);
    const line = pc.answer('one');
    pc.say(`Welcome\r\n${line.slice(0, 20)}`);
    pc.say(line.slice(20, 40));
    pc.say(line.slice(40) + pc.answer('two'));
    expect([await first, await text(pc.watch)]).toEqual(['one', 'two']);
    const third = text(pc.watch);
    pc.say('noise\r\n');
    pc.say(pc.answer('three'));
    expect(await third).toBe('three');
    const fourth = text(pc.watch);
    pc.say(pc.answer('four').slice(0, -1));
    pc.say('\n');
    expect(await fourth).toBe('four');
    pc.end();
    expect(await text(pc.watch)).toBeUndefined();
  });

  it('reports looks that only the result contains, once', async () => {
    const pc = told();
    await pc.asked();
    pc.say(pc.answer('one'));
    pc.end(pc.answer('two'));
    expect([await text(pc.watch), await text(pc.watch), await text(pc.watch)]).toEqual([
      'one',
      'two',
      undefined,
    ]);
  });

  it('reports the looks before a failure, then the failure', async () => {
    const pc = told();
    await pc.asked();
    pc.say(pc.answer('one'));
    pc.end('', 1);
    expect(await text(pc.watch)).toBe('one');
    await expect(pc.watch.next()).rejects.toMatchObject({ name: 'JobAccessFailed' });
  });

  it('does not read an incomplete line as a look', async () => {
    const pc = told();
    await pc.asked();
    pc.end(pc.answer('one') + pc.answer('two').slice(0, -1));
    expect([await text(pc.watch), await text(pc.watch)]).toEqual(['one', undefined]);
  });

  it('causes no unhandled rejection if next() is not called any more', async () => {
    const pc = told();
    await pc.asked();
    pc.fail(new Error('gone'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(pc.watch.next()).rejects.toThrow('gone');
  });
});
