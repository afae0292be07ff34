import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { SshError, StreamPhase } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import { Chores } from '../../time/chores.ts';
import { latch } from '../../time/latch.ts';
import { onAbort } from '../../time/on-abort.ts';
import { PhaseClock } from '../../time/phase-clock.ts';
import { StopSwitch } from '../../time/stop-switch.ts';
import { exceeded } from '../bounds/exceeded.ts';
import type { Where } from '../channels/link.ts';
import { rest } from '../insides/at-rest.ts';
import { ssh2 } from '../insides/client-parts.ts';
import { identification } from '../insides/identification.ts';
import { forgetSecrets } from '../insides/key-exchange/key-exchange.ts';
import { padFromPool } from '../insides/padding.ts';
import { loginSucceeded } from '../insides/until-login.ts';
import { Authentication } from '../login/auth.ts';
import type { MessageOrder, OutOfTurn } from '../order/message-order.ts';
import {
  bannerInvalid,
  classifyEnd,
  classifyError,
  type HandshakePhase,
  isPassing,
  isRefusal,
  notStarted,
  outOfTurn,
  type Situation,
  type Ssh2Error,
  unsafeSsh2,
} from '../transport/classify.ts';
import { type StreamEnd, Transport, type TransportEvents } from '../transport/transport.ts';
import { authBroken, invalidCertificate, passwordExpired } from './auth-broken.ts';
import { connectClient, mendKeyExchange } from './connect-client.ts';
import { HostKeyGuard } from './host-key-guard.ts';
import { tellUser } from './login-notice.ts';
import { type MendEvents, mendClient, mendLogin } from './mend-client.ts';
import { streamTimeout } from './phase-timeouts.ts';
import type { Established, HandshakePlan, Login } from './plan.ts';

/**
 * Identification line, key exchange, host key and login over an open stream, each with its own timeout. Rejects with
 * one typed error (or the signal's reason), after which the stream is destroyed.
 */
export function handshake(stream: Duplex, plan: HandshakePlan): Promise<Established> {
  return new Handshake(stream, plan).run();
}

/** The login part of a situation after the login. */
const untried = { methodsTried: [], methodsOffered: undefined, authFailures: 0 };

/** Lives as long as its connection, and receives the events of ssh2 and of the stream. */
class Handshake implements TransportEvents, MendEvents {
  readonly #where: Where;
  /** Present from the server's identification line on. */
  #client!: Client;
  readonly #transport: Transport;
  readonly #guard: HostKeyGuard;
  readonly #over = new StopSwitch();
  readonly #chores = new Chores();
  #login: Login | undefined;
  #order: MessageOrder | undefined;
  #phase: HandshakePhase = 'banner';
  #serverVersion = '';
  #endListener: ((error: SshError) => void) | undefined;
  #ended: SshError | undefined;

  constructor(stream: Duplex, plan: HandshakePlan) {
    this.#where = plan.where;
    this.#transport = new Transport(stream, this);
    const over = this.#over;
    const { host, port, hop } = plan.where;
    // Without a spread, whose objects are each of a kind of their own.
    const target = { host, port, hop, over, algorithms: plan.algorithms.serverHostKey };
    this.#guard = new HostKeyGuard(plan.hostKey, target, (error) => this.#fail(error));
    const auth = new Authentication(
      plan.credentials,
      {
        over,
        onThinking: (thinking: boolean) =>
          thinking ? this.#login?.clock.pause() : this.#login?.clock.resume(),
        onBroken: (error: unknown) =>
          this.#phase === 'auth' && this.#fail(authBroken(error, this.#situation())),
      },
      plan.algorithms.publicKey,
    );
    this.#login = { plan, auth, clock: new PhaseClock(), outcome: latch() };
  }

  run(): Promise<Established> {
    const login = this.#login as Login; // present until it has succeeded
    const { signal } = login.plan;
    const aborted = () => this.#fail(signal.reason);
    login.unfollow = onAbort(signal, aborted);
    if (signal.aborted) aborted();
    this.#startTimer('banner');
    // Not awaited: a timeout or an abort must also end the wait for a slow known_hosts file.
    if (!login.outcome.settled) this.#identify(login).catch((error) => this.#fail(error));
    return login.outcome.promise;
  }

  async #identify(login: Login): Promise<void> {
    const { plan, outcome } = login;
    const ordered = await plan.hostKey.order(plan.algorithms.serverHostKey, this.#guard.target);
    if (outcome.settled) return;
    this.#transport.write(identification);
    if (this.#phase === 'banner') login.hostKeyOrder = ordered;
    else this.#startClient(login, ordered);
  }

  /** Not before both sides have identified themselves: while it waits, a connection holds half as much without ssh2. */
  #startClient(login: Login, ordered: readonly string[]): void {
    let failed: (cause: Error, situation: Situation) => SshError = notStarted;
    try {
      this.#client = new ssh2.Client();
      this.#listen();
      connectClient(this.#client, this.#transport, login.plan, ordered, {
        hostVerifier: this.#guard.verifier,
        authHandler: (...given) => this.#login?.auth.handler(...given),
      });
      failed = unsafeSsh2;
      this.#mendClient(login, ordered);
    } catch (error) {
      this.#fail(failed(error as Error, this.#situation()));
    }
  }

  #mendClient({ plan, auth }: Login, serverHostKey: readonly string[]): void {
    this.#order = mendClient(this.#client, this.#transport, plan.timeouts.handshake, this);
    mendKeyExchange(this.#client, plan.algorithms, serverHostKey, {
      onShown: (certificate) => this.#guard.certificateShown(certificate),
      onInvalid: () => this.#fail(invalidCertificate(this.#situation())),
      onServerOffer: (read) => {
        if (this.#login) this.#login.readOffer = read;
      },
    });
    auth.watch(this.#client);
    if (plan.hostKey.updates) this.#guard.awaitFurtherKeys(this.#client, plan, serverHostKey, this.#chores);
  }

  #mendLogin(login: Login, order: MessageOrder): void {
    try {
      mendLogin(this.#client, order, login, this.#serverVersion, this);
    } catch (error) {
      this.#fail(unsafeSsh2(error as Error, this.#situation()));
    }
  }

  /** In place of listeners, of which each would cost a connection as much as this one function. */
  #listen(): void {
    const client: EventEmitter = this.#client;
    const emit = client.emit;
    client.emit = (event: string, ...given: unknown[]) =>
      this.#heard(event, given[0]) || emit.call(client, event, ...given);
  }

  /** Returns whether the event is one of those that nobody else listens to. */
  #heard(event: string, given: unknown): boolean {
    if (event === 'error') this.#ssh2Failed(given as Ssh2Error);
    else if (event === 'handshake') this.#keysExchanged();
    else if (event === 'ready') this.#loggedIn();
    else if (event === 'banner') tellUser(this.#login?.plan.onLoginBanner, given as string);
    else if (event === 'change password') this.#fail(passwordExpired(this.#situation()));
    else return false;
    return true;
  }

  #ssh2Failed(error: Ssh2Error): void {
    if (isPassing(error)) return;
    const failed = classifyError(error, this.#situation());
    if (isRefusal(error)) this.#fail(failed);
    else this.#endedByServer(failed);
  }

  onIdentification(line: string): void {
    this.#serverVersion = printable(line.replace(/^SSH-[\d.]+-/, ''));
    this.#enter('handshake', 'banner');
    const login = this.#login;
    if (login?.hostKeyOrder) this.#startClient(login, login.hostKeyOrder);
  }

  onOutOfTurn(broken: OutOfTurn): void {
    this.#endedByServer(outOfTurn(broken, this.#situation()));
  }

  onExceeded(what: string): void {
    this.#fail(exceeded(what, this.#situation()));
  }

  onSilentDisconnect(code: number, text: string): void {
    this.#ssh2Failed(Object.assign(new Error(text), { code }));
  }

  onInvalid(received: Buffer): void {
    this.#fail(bannerInvalid(received, this.#situation()));
  }

  onEnd(end: StreamEnd): void {
    this.#endedByServer(this.#login?.plan.routeFailure?.() ?? classifyEnd(end, this.#situation()));
  }

  #keysExchanged(): void {
    if (this.#phase === 'handshake' && this.#login && this.#order) this.#mendLogin(this.#login, this.#order);
    this.#order?.keysExchanged();
    forgetSecrets(this.#client);
    padFromPool(this.#client);
    // ssh2 emits this again after each re-key.
    if (this.#phase !== 'handshake') return;
    this.#enter('auth', 'handshake');
    this.#guard.keyProven();
  }

  #loggedIn(): void {
    if (!this.#login) return;
    const { plan, clock } = this.#login;
    plan.timings.auth = clock.elapsed;
    this.#guard.recorded.then(
      () => this.#succeed(),
      (error) => this.#fail(error),
    );
  }

  #succeed(): void {
    if (!this.#login || this.#login.outcome.settled) return;
    const { clock, outcome, unfollow } = this.#login;
    clock.stop();
    unfollow?.();
    this.#phase = 'session';
    this.#login = undefined;
    this.#guard.loggedIn();
    loginSucceeded(this.#client);
    rest(this.#client);
    outcome.resolve({
      client: this.#client,
      transport: this.#transport,
      serverVersion: this.#serverVersion,
      hostKeyFingerprint: () => this.#guard.fingerprint,
      chores: this.#chores,
      onEnd: (listener) => {
        if (this.#ended) listener(this.#ended);
        else this.#endListener = listener;
      },
    });
  }

  #enter(phase: StreamPhase, finished: StreamPhase): void {
    if (!this.#login) return;
    const { plan, clock } = this.#login;
    plan.timings[finished] = clock.elapsed;
    this.#phase = phase;
    this.#startTimer(phase);
  }

  #startTimer(phase: StreamPhase): void {
    if (!this.#login || this.#login.outcome.settled) return;
    const { plan, clock } = this.#login;
    const limit = plan.timeouts[phase];
    clock.start(limit, () => this.#endedByServer(streamTimeout(phase, limit, this.#situation())));
  }

  /** Or its silence has. */
  #endedByServer(error: Error): void {
    this.#login?.plan.behindLogin?.endedInLogin();
    this.#fail(error);
  }

  /** The first cause wins; later ones are its consequences. */
  #fail(error: unknown): void {
    this.#transport.kill();
    this.#over.abort();
    if (!this.#login) return this.#sessionEnded(error as SshError);
    const { clock, outcome, unfollow } = this.#login;
    clock.stop();
    unfollow?.();
    outcome.reject(error);
    // Nobody may be waiting yet (if the stream fails before run()).
    outcome.promise.catch(() => {});
  }

  #sessionEnded(error: SshError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#endListener?.(error);
  }

  #situation(): Situation {
    const login = this.#login;
    return {
      ...this.#where,
      program: login?.plan.program,
      phase: this.#phase,
      elapsedMs: login?.clock.elapsed ?? 0,
      saidBefore: this.#transport.saidBefore,
      readOffer: login?.readOffer,
      ...(login?.auth.situation ?? untried),
    };
  }
}
