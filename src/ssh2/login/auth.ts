import type { AnyAuthMethod, Client, NextAuthHandler } from 'ssh2';
import { debugTopic } from '../../observe/debug.ts';
import { printable } from '../../text/printable.ts';
import type { StopSwitch } from '../../time/stop-switch.ts';
import { onAuthFailure, onServerSignatureAlgorithms } from '../insides/internals.ts';
import { sendWholeSignatures } from '../insides/whole-signatures.ts';
import type { Candidate } from './candidate.ts';
import type { Credentials } from './credentials.ts';
import { PublicKeys } from './public-keys.ts';

const debug = debugTopic('auth');

interface AuthEvents {
  /** A person is being asked: the clock stops until `false`. */
  onThinking(thinking: boolean): void;
  /** The login cannot go on: a user's function threw, or returned nonsense; or no file is left to ask the agent. */
  onBroken(error: unknown): void;
  /** Triggered when the login is over, or nobody waits for it any more. */
  over: StopSwitch;
}

/** Number of failed requests after which OpenSSH's server ends the connection (MaxAuthTries), by default. */
const usualTries = 6;

/**
 * Decides what is tried when, in OpenSSH's order: keys, keyboard-interactive, password; and, once the server has said
 * which methods it offers, only those. `none`, which `ssh` tries first, comes last: it costs a round trip, and succeeds
 * only on a server that requires nothing, or with an account that has no password.
 */
export class Authentication {
  readonly tried: string[] = [];
  /** What is known about why a certificate may not work, for the hint of a refused login. */
  readonly notes: string[] = [];
  /** The methods that the server would still accept, once it has named them. */
  offered: readonly string[] | undefined;
  /** Failed requests so far: silence after one of them is a refusal too. */
  failures = 0;
  /** Partial success: the server accepted one of the methods that it requires (RFC 4252 section 5.1). */
  hasPart = false;
  #credentials: Credentials;
  #events: AuthEvents;
  /** Made when the first is asked for. */
  #queue: AsyncGenerator<Candidate> | undefined;
  #sent: Candidate | undefined;
  #methodsSent: readonly string[] = [];
  /** Everything was refused; what remains is to ask whether the server requires nothing. */
  #isAtEnd = false;
  /** The ids of what the server has judged, and would judge the same way again. */
  #judged: readonly string[] = [];
  #isAsking = false;

  readonly #publicKeys: PublicKeys;

  constructor(credentials: Credentials, events: AuthEvents, accepted: readonly string[]) {
    this.#credentials = credentials;
    this.notes.push(...credentials.notes);
    this.#events = events;
    const note = (label: string) => this.#noteOnce(label);
    const explain = (sentence: string) => {
      if (!this.notes.includes(sentence)) this.notes.push(sentence);
    };
    this.#publicKeys = new PublicKeys(credentials, events.over, {
      ...{ accepted, note, explain },
      broken: (error) => events.onBroken(error),
    });
  }

  /** What an error reports about the login. */
  get situation() {
    return {
      methodsTried: this.tried,
      partialSuccess: this.hasPart,
      loginNotes: this.notes,
      methodsOffered: this.offered,
      authFailures: this.failures,
      authAtEnd: this.#isAtEnd,
      waitsForAgent: this.#publicKeys.waitsForAgent,
      waitsForAnswer: this.#isAsking,
    };
  }

  /** Call this after `client.connect`, when ssh2's handlers exist: a server may say what it takes before the login. */
  watch(client: Client): void {
    onServerSignatureAlgorithms(client, (algorithms) => this.#publicKeys.serverTakes(algorithms));
  }

  /**
   * Call this before the login, and before anything else changes how ssh2 logs in.
   * @throws Error if ssh2 cannot be made to send a signature as it is.
   */
  begin(client: Client): void {
    if (!sendWholeSignatures(client))
      throw new Error('the internals of ssh2 have changed: its logins cannot be relied upon');
    onAuthFailure(client, (methods, isPartial) => this.#answered(methods, isPartial));
  }

  /** After a partial success, a server may require what it did not require before (RFC 4252 section 5.1). */
  #answered(methods: string[], isPartial: boolean): void {
    if (!isPartial) this.failures++;
    debug('refused%s', isPartial ? ' (a part of what it wants)' : '');
    this.offered = methods;
    if (!this.#sent) return;
    if (isPartial || methods.includes(this.#sent.method))
      this.#judged = this.#judged.concat(idOf(this.#sent));
    if (!isPartial) return;
    this.hasPart = true;
    this.#queue = undefined;
  }

  /**
   * The authHandler for ssh2. It answers through `next` only: ssh2 takes a returned promise for an invalid method, and
   * loops until the process runs out of memory.
   */
  readonly handler = (
    methodsLeft: readonly string[] | null,
    _partial: boolean | null,
    next: NextAuthHandler,
  ): void => {
    this.offered ??= methodsLeft ?? undefined;
    this.#next()
      .then((method) => this.#events.over.aborted || next(method as AnyAuthMethod))
      // ssh2 also throws out of next(), for example for a key that cannot sign.
      .catch((error) => this.#events.onBroken(error));
  };

  async #next(): Promise<AnyAuthMethod | false> {
    for (;;) {
      this.#queue ??= this.#candidates();
      const { value, done } = await this.#queue.next();
      if (done || !value) return false;
      if (this.#judged.includes(idOf(value))) continue;
      if (this.offered && value.method !== 'none' && !this.offered.includes(value.method)) continue;
      if (value.method !== 'none' || !this.#couldSucceed) this.#noteOnce(value.label);
      if (value.note !== undefined && !this.notes.includes(value.note)) this.notes.push(value.note);
      this.#sent = value;
      if (!this.#methodsSent.includes(value.method))
        this.#methodsSent = this.#methodsSent.concat(value.method);
      return value.make();
    }
  }

  async *#candidates(): AsyncGenerator<Candidate> {
    const { agent, agentFirst, password, keyboardInteractive } = this.#credentials;
    // Not `yield*`, which makes an asynchronous iterator of each of these.
    for (const candidate of this.#publicKeys.certificates()) yield candidate;
    if (!agentFirst) for (const candidate of this.#publicKeys.own()) yield candidate;
    if (agent !== undefined && this.#mayTake('publickey')) yield* this.#publicKeys.ofAgent(agent);
    if (agentFirst) for (const candidate of this.#publicKeys.own()) yield candidate;
    // Leaves one request for what follows.
    for (const candidate of this.#publicKeys.otherWays()) if (this.failures < usualTries - 1) yield candidate;
    if (keyboardInteractive) yield this.#keyboardInteractive();
    if (password !== undefined) yield this.#password(password);
    // Never the same password twice: the server counts each failed login.
    const isJudged = this.#judged.includes('password');
    if (password !== undefined && !isJudged && !keyboardInteractive) yield this.#keyboardInteractive();
    this.#isAtEnd = true;
    if (!this.hasPart) yield this.#none();
  }

  #mayTake(method: string): boolean {
    return this.offered === undefined || this.offered.includes(method);
  }

  /** False if the server never wanted a method for which there was something to try: it may require nothing at all. */
  get #couldSucceed(): boolean {
    return this.#methodsSent.some((method) => this.#mayTake(method));
  }

  #noteOnce(label: string): void {
    debug('trying %s', label);
    if (!this.tried.includes(label)) this.tried.push(label);
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
    let rounds = 0;
    return {
      method: 'keyboard-interactive',
      label: 'keyboard-interactive',
      make: () => ({
        type: 'keyboard-interactive',
        username,
        prompt: (name, instructions, _language, prompts, finish) => {
          this.#answer(name, instructions, prompts, rounds++)
            .then((given) => this.#events.over.aborted || finish(given))
            .catch((error) => this.#events.onBroken(error));
        },
      }),
    };
  }

  async #answer(
    name: string,
    instructions: string,
    prompts: ReadonlyArray<{ prompt: string; echo?: boolean }>,
    round: number,
  ): Promise<string[]> {
    const { keyboardInteractive, password = '' } = this.#credentials;
    const isForPassword = round === 0 && prompts.length === 1 && prompts[0]?.echo !== true;
    // sshd with PAM asks for the password this way; it is not the answer to any other question.
    if (!keyboardInteractive) return isForPassword ? [password] : prompts.map(() => '');
    this.#think(true);
    try {
      const asked = prompts.map(({ prompt, echo }) => ({
        prompt: printable(prompt, 500),
        echo: echo === true,
      }));
      const { signal } = this.#events.over;
      const info = { name: printable(name), instructions: printable(instructions, 1_000), signal };
      return checkedAnswers(await keyboardInteractive(asked, info), prompts.length);
    } finally {
      this.#think(false);
    }
  }

  #think(thinking: boolean): void {
    this.#isAsking = thinking;
    this.#events.onThinking(thinking);
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

function idOf({ id, label }: Candidate): string {
  return id ?? label;
}
