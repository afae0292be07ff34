import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const isWindows = process.platform === 'win32';

/**
 * Runs tests in the copy, in a process that keeps running: reloading everything for each change would take longer than
 * the tests.
 */
export class TestRunner {
  #copy;
  #child;

  constructor(copy) {
    this.#copy = copy;
  }

  /**
   * What scripts/mutation-tests.mjs found, or `'late'`: the process was then ended, with everything the tests had
   * started.
   */
  async run(request, limitMs) {
    const child = await this.#started();
    const result = await new Promise((done) => {
      const end = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners();
        done(answer);
      };
      const timer = setTimeout(end, limitMs, 'late');
      child.once('exit', () => end('ended'));
      child.once('message', end);
      child.send(request);
    });
    if (typeof result === 'string') this.kill();
    return result;
  }

  async #started() {
    if (this.#child) return this.#child;
    const script = join(import.meta.dirname, 'mutation-tests.mjs');
    const child = fork(script, [this.#copy, join(this.#copy, 'mutation-reached.mjs')], {
      cwd: this.#copy,
      stdio: 'ignore',
      detached: !isWindows,
      env: { ...process.env, CI: '' },
    });
    this.#child = child;
    await once(child, 'message');
    return child;
  }

  kill() {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    try {
      if (isWindows) child.kill('SIGKILL');
      else process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended on its own.
    }
  }
}
