// A reporter of vitest for CI. A test that blocks its process (an endless loop, a synchronous call that waits for ever)
// cannot be ended by its own time limit: vitest would wait for it until somebody ends the whole run. Where nothing has
// ended for so long, this prints what runs, the processes below it and where their JavaScript stands, and kills the
// workers: vitest tells their files as failed, and goes on with the others.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const limit = Number(process.env.STUCK_AFTER_MS ?? 300_000);
/** For the debugger's answers. */
const patience = 10_000;

export default class Stuck {
  #last = Date.now();
  #running = new Set();
  #timer;

  onTestRunStart() {
    this.#timer = setInterval(() => this.#look(), Math.min(5_000, limit / 4)).unref();
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
  }

  onTestModuleStart(module) {
    this.#ended();
    this.#running.add(module.moduleId);
  }

  onTestModuleEnd(module) {
    this.#ended();
    this.#running.delete(module.moduleId);
  }

  onTestCaseResult() {
    this.#ended();
  }

  #ended() {
    this.#last = Date.now();
  }

  async #look() {
    if (Date.now() - this.#last < limit) return;
    // Not again while this goes on.
    this.#last = Number.POSITIVE_INFINITY;
    console.error(`\nNothing has ended for ${limit / 1_000} s. Running: ${[...this.#running].join(', ')}`);
    const workers = childrenOf(process.pid).filter(isNode);
    console.error(execFileSync('ps', ['-eo', 'pid,ppid,stat,etime,time,args'], { encoding: 'utf8' }));
    for (const pid of workers) console.error(`${pid}:\n${await stackOf(pid)}`);
    for (const pid of workers) kill(pid);
    this.#ended();
  }
}

function childrenOf(parent) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^PPid:\s*(\d+)/m)?.[1]);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

function isNode(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath);
  } catch {
    return false;
  }
}

/** Asks Node's debugger, which also answers in the middle of a loop. In a synchronous call it does not. */
async function stackOf(pid) {
  const inspect = spawn(process.execPath, ['inspect', '-p', String(pid)]);
  const left = [
    { after: /debug> $/, say: 'pause' },
    { after: /break in [\s\S]*debug> $/, say: 'bt' },
    { after: /#0 [\s\S]*debug> $/, say: '.exit' },
  ];
  let said = '';
  const onData = (data) => {
    said += data;
    if (left[0]?.after.test(said)) inspect.stdin.write(`${left.shift().say}\n`);
  };
  for (const stream of [inspect.stdout, inspect.stderr]) stream.on('data', onData);
  for (const part of [inspect, inspect.stdin]) part.on('error', onData);
  const late = setTimeout(() => inspect.kill('SIGKILL'), patience);
  await new Promise((resolve) => inspect.once('close', resolve));
  clearTimeout(late);
  return said;
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
