import { onAbort, type Stoppable } from '../time/on-abort.ts';
import { now, startTimer } from '../time/timer.ts';

/**
 * From the tenth connection on that has not logged in yet, sshd by default drops some (`MaxStartups 10:30:100`). Two
 * fewer: it hears of a login's success a little later than we do.
 */
const atOnce = 8;

/** In milliseconds. Who takes longer (a server that hangs, a person who types a code) keeps nobody waiting any more. */
const longestTurn = 1_000;

/** A server that TCP has not reached after so many milliseconds is far: there, a login is most of all waiting. */
const far = 10;

/** A timer that is later than this (milliseconds) tells nothing of the network: the process was busy. */
const late = 5;

const servers = new Map<string, Server>();

/** A login at a server that is under way. */
export interface LoginTurn {
  /** From now on it counts how long it takes: our own code is loaded. */
  isReady(): void;
  /** TCP has reached the server. */
  reached(): void;
  /** It has succeeded or failed: the next one has its turn. */
  end(): void;
}

/**
 * The turn of a login at a server that TCP reaches directly: at most eight at a time where the server is near. More would
 * hardly be sooner, as the server is busy with those eight; but sshd may drop them, each takes memory, and their
 * packets all arrive at once. Where the line is long, they all go at once.
 *
 * @throws `signal.reason` when it aborts while waiting.
 */
export function loginTurn(host: string, port: number, signal: Stoppable): Promise<LoginTurn> {
  const key = `${host}:${port}`;
  const server = servers.get(key) ?? new Server(key);
  servers.set(key, server);
  return server.turn(signal);
}

class Server {
  readonly #key: string;
  /** The oldest first. */
  readonly #going = new Set<Turn>();
  readonly #waiting = new Set<() => void>();
  /** Not known until TCP has reached it, or has not for long enough. */
  #isFar: boolean | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(key: string) {
    this.#key = key;
    this.#measure();
  }

  turn(signal: Stoppable): Promise<LoginTurn> {
    return new Promise((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        unfollow();
        const turn = new Turn(this);
        this.#going.add(turn);
        resolve(turn);
      };
      const unfollow = onAbort(signal, () => {
        this.#waiting.delete(go);
        reject(signal.reason);
        this.#next();
      });
      this.#waiting.add(go);
      this.#next();
    });
  }

  isReady(turn: Turn): void {
    turn.endsAt = now() + longestTurn;
    this.#next();
  }

  reached(): void {
    if (this.#isFar === undefined) this.#settle(false);
  }

  end(turn: Turn): void {
    this.#going.delete(turn);
    this.#next();
  }

  #settle(isFar: boolean): void {
    this.#isFar = isFar;
    this.#next();
  }

  /** Whoever may go now goes, in the order in which they came. */
  #next(): void {
    for (const turn of this.#going) {
      if (turn.endsAt > now()) break;
      this.#going.delete(turn);
    }
    for (const go of this.#waiting) {
      if (this.#going.size >= atOnce && !this.#isFar) break;
      go();
    }
    const [oldest] = this.#going;
    if (!oldest) this.#forget();
    if (this.#isFar === undefined) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (oldest && this.#waiting.size > 0) {
      this.#stopTimer = startTimer(oldest.endsAt - now(), () => this.#next());
    }
  }

  /** In a busy process once more: the name may have been looked up only now. */
  #measure(again = true): void {
    const dueAt = now() + far;
    this.#stopTimer = startTimer(far, () => {
      // What the network has brought until now is told after the timers.
      const immediate = setImmediate(() => {
        if (again && now() > dueAt + late) this.#measure(false);
        else this.#settle(true);
      });
      this.#stopTimer = () => clearImmediate(immediate);
    });
  }

  #forget(): void {
    this.#stopTimer?.();
    if (servers.get(this.#key) === this) servers.delete(this.#key);
  }
}

class Turn implements LoginTurn {
  /** At the latest. */
  endsAt = Infinity;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  isReady(): void {
    this.#server.isReady(this);
  }

  reached(): void {
    this.#server.reached();
  }

  end(): void {
    this.#server.end(this);
  }
}
