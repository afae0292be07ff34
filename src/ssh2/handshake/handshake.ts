import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
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
import { onHostKeysTold } from '../insides/key-exchange/further-host-keys.ts';
import { forgetSecrets, shareOffer } from '../insides/key-exchange/key-exchange.ts';
import { onServerOffer } from '../insides/key-exchange/server-offer.ts';
import { padFromPool } from '../insides/padding.ts';
import { loginSucceeded } from '../insides/until-login.ts';
import { Authentication } from '../login/auth.ts';
import type { MessageOrder } from '../order/message-order.ts';
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
import { askForHostCertificates, connectClient, offerHybridKex } from './connect-client.ts';
import { HostKeyGuard } from './host-key-guard.ts';
import { tellUser } from './login-notice.ts';
import { mendClient, mendLogin } from './mend-client.ts';
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
class Handshake implements TransportEvents {
  readonly #where: Where;
  readonly #client = new ssh2.Client();
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
    if (!login.outcome.settled) this.#startClient(login).catch((error) => this.#fail(error));
    return login.outcome.promise;
  }

  async #startClient(login: Login): Promise<void> {
    const { plan, outcome } = login;
    const { serverHostKey } = plan.algorithms;
    const ordered = await plan.hostKey.order(serverHostKey, this.#guard.target);
    if (outcome.settled) return;
    this.#listen();
    this.#connect(login, ordered);
    this.#mendClient(login, ordered);
  }

  #mendClient(login: Login, serverHostKey: readonly string[]): void {
    const { plan, auth } = login;
    try {
      this.#order = mendClient(this.#client, this.#transport, {
        rekeyTimeout: plan.timeouts.handshake,
        onOutOfTurn: (broken) => this.#endedByServer(outOfTurn(broken, this.#situation())),
        onExceeded: (what) => this.#fail(exceeded(what, this.#situation())),
        onSilentDisconnect: (code, text) => this.#ssh2Failed(Object.assign(new Error(text), { code })),
      });
      askForHostCertificates(this.#client, serverHostKey, {
        onShown: (certificate) => this.#guard.certificateShown(certificate),
        onInvalid: () => this.#fail(invalidCertificate(this.#situation())),
      });
      onServerOffer(this.#client, (read) => {
        // Not through a local variable: what these closures capture lives as long as the connection.
        if (this.#login) this.#login.readOffer = read;
      });
      // After the listener above, which reports the server's offer: from here on, ssh2 reads something else.
      offerHybridKex(this.#client, plan.algorithms.kex);
      shareOffer(this.#client, plan.algorithms, serverHostKey);
      auth.watch(this.#client);
      if (plan.hostKey.updates) {
        const settings = { where: plan.where, log: plan.log, serverHostKey };
        const tell = (data: Buffer) => this.#guard.hostKeysTold(this.#client, data, settings);
        onHostKeysTold(this.#client, (data) => this.#chores.add(tell(data)));
      }
    } catch (error) {
      throw unsafeSsh2(error as Error, this.#situation());
    }
  }

  #mendLogin(login: Login, order: MessageOrder): void {
    const onExceeded = (what: string) => this.#fail(exceeded(what, this.#situation()));
    try {
      mendLogin(this.#client, order, login, this.#serverVersion, onExceeded);
    } catch (error) {
      this.#fail(unsafeSsh2(error as Error, this.#situation()));
    }
  }

  #connect({ plan }: Login, serverHostKey: readonly string[]): void {
    const { credentials, algorithms, keepalive } = plan;
    const settings = { sock: this.#transport, credentials, algorithms, serverHostKey, keepalive };
    try {
      connectClient(this.#client, settings, this.#guard.verifier, (methodsLeft, isPartial, next) =>
        this.#login?.auth.handler(methodsLeft, isPartial, next),
      );
    } catch (error) {
      throw notStarted(error, this.#situation());
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
