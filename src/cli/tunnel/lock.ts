import { hostname } from 'node:os';
import { printable } from '../../text/printable.ts';
import { sleep } from '../../time/timer.ts';
import {
  createLock,
  type Holder,
  isRunning,
  lookAtLock,
  newHolder,
  removeLock,
  replaceLock,
  type Sight,
  touchLock,
} from './lock-file.ts';

interface Lock {
  /** Resolves when someone else has taken the lock: this process was believed dead. Never rejects. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

interface LockOptions {
  signal: AbortSignal;
  /** Milliseconds between signs of life. */
  heartbeat?: number;
}

/** Someone else holds the lock. */
export class LockHeld extends Error {
  override name = 'LockHeld';
  readonly holder: Holder | undefined;

  constructor(path: string, holder: Holder | undefined) {
    // Whoever can write the file chooses its text.
    const who = holder
      ? `process ${holder.pid} on ${printable(holder.host)} since ${printable(holder.since)}`
      : 'another process';
    super(`${printable(path)} is held by ${who}`);
    this.holder = holder;
  }
}

/**
 * Takes a lock represented by a file. The holder gives a sign of life every `heartbeat` milliseconds (default 5,000).
 * The lock of a process that is gone is taken over at once; if its id may belong to another program by now, or the
 * holder is on another machine, only after a time without a sign of life.
 *
 * @throws {LockHeld} if a live process holds it.
 */
export async function takeLock(path: string, { signal, heartbeat = 5_000 }: LockOptions): Promise<Lock> {
  const holder = newHolder();
  if (await createLock(path, holder)) return new HeldLock(path, holder, heartbeat);
  const sight = await lookAtLock(path);
  if (sight && (await isAlive(path, sight, heartbeat, signal))) throw new LockHeld(path, sight.holder);
  await replaceLock(path, holder);
  // Others may have found the same dead holder: the last one gets the lock, the rest notice here or soon after.
  await sleep(Math.min(300, heartbeat), signal);
  const now = await lookAtLock(path);
  if (now?.holder?.token !== holder.token) throw new LockHeld(path, now?.holder);
  return new HeldLock(path, holder, heartbeat);
}

async function isAlive(
  path: string,
  { mark, age, holder }: Sight,
  heartbeat: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (holder && holder.host === hostname() && !isRunning(holder.pid)) return false;
  if (age < 2 * heartbeat) return true;
  // Clocks jump: what counts is whether a sign of life arrives while we watch.
  await sleep(2.5 * heartbeat, signal);
  const later = await lookAtLock(path);
  return later !== undefined && later.mark !== mark;
}

class HeldLock implements Lock {
  readonly lost: Promise<void>;
  readonly #path: string;
  readonly #holder: Holder;
  readonly #stop = new AbortController();

  constructor(path: string, holder: Holder, heartbeat: number) {
    this.#path = path;
    this.#holder = holder;
    this.lost = new Promise((resolve) => {
      void this.#live(heartbeat).then((isLost) => isLost && resolve());
    });
  }

  async release(): Promise<void> {
    this.#stop.abort(new Error('released'));
    if (await this.#isOurs()) await removeLock(this.#path);
  }

  /** Resolves to whether the lock was lost (true) or released. */
  async #live(heartbeat: number): Promise<boolean> {
    for (;;) {
      try {
        await sleep(heartbeat, this.#stop.signal);
      } catch {
        return false;
      }
      if (!(await this.#isOurs())) return true;
      // If the file cannot be touched for a moment (a virus scanner has it open), that passes.
      await touchLock(this.#path).catch(() => {});
    }
  }

  /** A file that is temporarily unreadable, or was deleted in a clean-up, has not been taken over. */
  async #isOurs(): Promise<boolean> {
    try {
      const sight = await lookAtLock(this.#path);
      if (sight === undefined) return await createLock(this.#path, this.#holder);
      return sight.holder === undefined || sight.holder.token === this.#holder.token;
    } catch {
      return true;
    }
  }
}
