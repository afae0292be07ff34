import { execFileSync, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inSh } from '../../src/exec/quote/any-shell.ts';
import { startJob } from '../../src/job/start-job.ts';
import { eachOf } from '../../src/sftp/folders/each-of.ts';
import { type LocalAccount, localAccount } from '../support/local-job-host.ts';
import { thorough } from '../support/thorough.ts';

/** They wait for processes more than they compute. */
const atOnce = 4;

/*
 * A start is one script on the server: functions, what asks for the job, the wrapper that claims it, and the runner
 * that the wrapper turns into. Here each part dies before each of its statements, and then a second caller comes.
 */
describe(`a start that is killed at ${thorough ? 'any' : 'every fourth'} of its statements`, () => {
  let account: LocalAccount;
  /** What happens to the scripts of a job, by its id. */
  const changes = new Map<string, (line: string) => string>();
  beforeAll(async () => {
    account = await localAccount({
      change: (line) => {
        for (const [id, change] of changes) if (line.includes(id)) return change(line);
        return line;
      },
    });
  });
  afterAll(() => account[Symbol.asyncDispose]());

  async function dieAndStartAgain(id: string, at: (line: string) => string) {
    const command = `echo ran >>ran-${id}`;
    changes.set(id, at);
    await startJob(account.host, command, { id }).catch(() => {});
    changes.delete(id);
    const job = await startJob(account.host, command, { id });
    const status = await vi.waitFor(
      async () => {
        const now = await job.status();
        if (now.state === 'running') throw new Error('still running');
        return now;
      },
      { timeout: 20_000, interval: 20 },
    );
    const ran = await readFile(join(account.home, `ran-${id}`), 'utf8').catch(() => '');
    return { state: status.state, times: ran.split('\n').length - 1 };
  }

  it('starts the job once anyway, if the starting script was killed', async () => {
    const points = await injections(account, 'starter');
    expect(points.length).toBeGreaterThan(15);
    await eachOf(chosen(points), atOnce, async ([index, { inject }]) => {
      const outcome = await dieAndStartAgain(`starter-${index}-`, inject);
      expect(outcome, `at statement ${index}`).toEqual({ state: 'exited', times: 1 });
    });
  }, 240_000);

  it('starts the job once or loses it, if the wrapper was killed; it never runs twice', async () => {
    const points = [...(await injections(account, 'wrapper')), ...(await injections(account, 'runner'))];
    expect(points.length).toBeGreaterThan(15);
    const outcomes = new Set<string>();
    await eachOf(chosen(points), atOnce, async ([index, { inject, afterClaim }]) => {
      const { state, times } = await dieAndStartAgain(`wrapper-${index}-`, inject);
      const outcome = `${state}, ran ${times}`;
      if (!afterClaim) expect(outcome, `at statement ${index}`).toBe('exited, ran 1');
      outcomes.add(outcome);
    });
    // Dead between claim and command it is lost without having run, later it is lost and ran once.
    expect([...outcomes].sort()).toEqual(['exited, ran 1', 'lost, ran 0', 'lost, ran 1']);
  }, 240_000);
});

/** With their places. */
const chosen = <T>(points: readonly T[]) =>
  [...points.entries()].filter(([index]) => thorough || index % 4 === 0).values();

type Part = 'starter' | 'wrapper' | 'runner';

interface Injection {
  /** Puts `kill -9 $$` before one statement of one part of the script. */
  inject: (line: string) => string;
  /** Whether the statement comes behind the one that makes the claim. */
  afterClaim: boolean;
}

async function injections(account: LocalAccount, part: Part): Promise<Injection[]> {
  const lines = cut(unwrap(await startLine(account)), part).body.split('\n');
  const claim = lines.findIndex((line) => line.includes('ln -s'));
  const found: Injection[] = [];
  for (const index of lines.keys()) {
    if (lines[index - 1]?.endsWith('\\')) continue;
    const variant = lines.toSpliced(index, 0, 'kill -9 $$').join('\n');
    if (spawnSync('sh', ['-n'], { input: variant }).status !== 0) continue;
    const inject = (line: string) => {
      const { before, after } = cut(unwrap(line), part);
      return inSh(before + variant + after);
    };
    found.push({ inject, afterClaim: part === 'runner' || index > claim });
  }
  return found;
}

/** The command line with which a job is started. */
async function startLine(account: LocalAccount): Promise<string> {
  let seen = '';
  const run = async (line: string) => {
    seen = line;
    throw new Error('only looking');
  };
  await startJob({ ...account.host, run }, 'true', { id: 'look' }).catch(() => {});
  return seen;
}

/** Lets a shell say which script it is to run. */
function unwrap(line: string): string {
  const said = line.replace(/exec \/bin\/sh -c "\$_s"/, `printf %s "$_s"`);
  expect(said).not.toBe(line);
  return execFileSync('/bin/sh', ['-c', said], { encoding: 'utf8' });
}

function cut(script: string, part: Part): { before: string; body: string; after: string } {
  const mark = part === 'starter' ? '\nmark=' : `\n${part}='`;
  const start = script.indexOf(mark) + (part === 'starter' ? 1 : mark.length);
  const end = part === 'starter' ? script.length : script.indexOf("'", start);
  return { before: script.slice(0, start), body: script.slice(start, end), after: script.slice(end) };
}
