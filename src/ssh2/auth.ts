import type { AnyAuthMethod, Client, NextAuthHandler, ParsedKey } from 'ssh2';
import { fingerprintSha256 } from '../host-key/fingerprint.ts';
import { printable } from '../text/printable.ts';
import { agentKeys } from './agent-keys.ts';
import type { Credentials } from './credentials.ts';
import { onAuthFailure } from './internals.ts';

export interface AuthEvents {
  /** A human is being asked: the clock stops until `false`. */
  onThinking(thinking: boolean): void;
  /** The login cannot go on: a user's function threw, or gave nonsense. */
  onBroken(error: unknown): void;
  signal: AbortSignal;
}

/** One thing to try. `method` is its RFC 4252 name, `label` what errors say was tried. */
interface Candidate {
  method: 'none' | 'publickey' | 'keyboard-interactive' | 'password';
  label: string;
  make: () => AnyAuthMethod;
}

/**
 * Decides what is tried when, in OpenSSH's order: keys, keyboard-interactive, password; never a method that the server
 * does not offer once it has said what it offers, and never `none` where there is something better (a round trip).
 */
export class Authentication {
  readonly tried: string[] = [];
  /** What the server would still take, once it has said so. */
  offered: readonly string[] | undefined;
  /** Failed requests so far: silence after one of them is a refusal too. */
  failures = 0;
  #credentials: Credentials;
  #events: AuthEvents;
  #queue: AsyncGenerator<Candidate>;

  constructor(credentials: Credentials, events: AuthEvents) {
    this.#credentials = credentials;
    this.#events = events;
    this.#queue = this.#candidates();
  }

  /** Must be called after `client.connect`, when ssh2's handlers exist. */
  watch(client: Client): void {
    onAuthFailure(client, (methods) => {
      this.failures++;
      this.offered = methods;
    });
  }

  /**
   * The authHandler for ssh2. It answers through `next` only: ssh2 takes a returned promise for an invalid method, and
   * loops until the process is out of memory.
   */
  readonly handler = (
    methodsLeft: readonly string[] | null,
    _partial: boolean | null,
    next: NextAuthHandler,
  ): void => {
    this.offered ??= methodsLeft ?? undefined;
    this.#next().then(
      (method) => this.#events.signal.aborted || next(method as AnyAuthMethod),
      (error) => this.#events.onBroken(error),
    );
  };

  async #next(): Promise<AnyAuthMethod | false> {
    for (;;) {
      const { value, done } = await this.#queue.next();
      if (done || !value) return false;
      if (this.offered && !this.offered.includes(value.method)) continue;
      this.tried.push(value.label);
      return value.make();
    }
  }

  async *#candidates(): AsyncGenerator<Candidate> {
    const { key, agent, password, keyboardInteractive } = this.#credentials;
    if (key) yield this.#publicKey(key);
    if (agent !== undefined) yield* this.#agent(agent);
    if (keyboardInteractive) yield this.#keyboardInteractive();
    if (password !== undefined) yield this.#password(password);
    if (password !== undefined && !keyboardInteractive) yield this.#keyboardInteractive();
    if (this.tried.length === 0) yield this.#none();
  }

  #publicKey(key: ParsedKey): Candidate {
    const { username } = this.#credentials;
    return {
      method: 'publickey',
      label: `publickey (${describe(key)})`,
      make: () => ({ type: 'publickey', username, key }),
    };
  }

  async *#agent(path: string): AsyncGenerator<Candidate> {
    const { username } = this.#credentials;
    if (this.offered && !this.offered.includes('publickey')) return;
    let keys: Awaited<ReturnType<typeof agentKeys>>;
    try {
      keys = await agentKeys(path);
    } catch (error) {
      this.tried.push(`agent (not reachable: ${printable((error as Error).message, 100)})`);
      return;
    }
    if (keys.length === 0) this.tried.push('agent (holds no keys)');
    for (const { agent, key } of keys) {
      yield {
        method: 'publickey',
        label: `publickey (agent: ${describe(key)})`,
        make: () => ({ type: 'agent', username, agent }),
      };
    }
  }

  #password(password: string): Candidate {
    const { username } = this.#credentials;
    return { method: 'password', label: 'password', make: () => ({ type: 'password', username, password }) };
  }

  #none(): Candidate {
    const { username } = this.#credentials;
    return { method: 'none', label: 'none', make: () => ({ type: 'none', username }) };
  }

  #keyboardInteractive(): Candidate {
    const { username } = this.#credentials;
    return {
      method: 'keyboard-interactive',
      label: 'keyboard-interactive',
      make: () => ({
        type: 'keyboard-interactive',
        username,
        prompt: (name, instructions, _language, prompts, finish) => {
          const answers = this.#answer(name, instructions, prompts);
          answers.then(
            (given) => this.#events.signal.aborted || finish(given),
            (error) => this.#events.onBroken(error),
          );
        },
      }),
    };
  }

  async #answer(
    name: string,
    instructions: string,
    prompts: ReadonlyArray<{ prompt: string; echo?: boolean }>,
  ): Promise<string[]> {
    const { keyboardInteractive, password = '' } = this.#credentials;
    const hidden = prompts.length === 1 && prompts[0]?.echo !== true;
    // sshd with PAM asks for the password this way; any other question is not ours to answer with it.
    if (!keyboardInteractive) return hidden ? [password] : prompts.map(() => '');
    this.#events.onThinking(true);
    try {
      const asked = prompts.map(({ prompt, echo }) => ({
        prompt: printable(prompt, 500),
        echo: echo === true,
      }));
      const { signal } = this.#events;
      const info = { name: printable(name), instructions: printable(instructions, 1_000), signal };
      return checkedAnswers(await keyboardInteractive(asked, info), prompts.length);
    } finally {
      this.#events.onThinking(false);
    }
  }
}

function checkedAnswers(answers: unknown, count: number): string[] {
  const right =
    Array.isArray(answers) && answers.length === count && answers.every((a) => typeof a === 'string');
  if (right) return [...(answers as string[])];
  throw new TypeError(
    `option keyboardInteractive: it must give an array of ${count} strings, one for each prompt`,
  );
}

function describe(key: ParsedKey): string {
  return `${key.type} ${fingerprintSha256(key.getPublicSSH())}`;
}
