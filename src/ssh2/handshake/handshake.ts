import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { PhaseTimings, SshError, StreamPhase } from '../../errors/index.ts';
import type { HostKeyPolicy } from '../../host-key/policy/policy.ts';
import type { Complete } from '../../options/defaults.ts';
import type { KeepaliveOptions, Log, Timeouts } from '../../options/types.ts';
import { printable } from '../../text/printable.ts';
import { Chores } from '../../time/chores.ts';
import { harmless } from '../../time/harmless.ts';
import { latch } from '../../time/latch.ts';
import { onAbort } from '../../time/on-abort.ts';
import { PhaseClock } from '../../time/phase-clock.ts';
import { StopSwitch } from '../../time/stop-switch.ts';
import { exceeded } from '../bounds/exceeded.ts';
import type { Where } from '../channels/link.ts';
import { authenticateEarly } from '../insides/ahead/early-auth.ts';
import { ssh2 } from '../insides/client-parts.ts';
import { onHostKeysTold } from '../insides/key-exchange/further-host-keys.ts';
import { onServerOffer, type ServerOffer } from '../insides/key-exchange/server-offer.ts';
import { Authentication } from '../login/auth.ts';
import type { Credentials } from '../login/credentials.ts';
import type { MessageOrder } from '../order/message-order.ts';
import {
  bannerInvalid,
  classifyEnd,
  classifyError,
  type HandshakePhase,
  isPassing,
  notStarted,
  outOfTurn,
  type Situation,
  type Ssh2Error,
  unsafeSsh2,
} from '../transport/classify.ts';
import { isOpenSsh } from '../transport/server-kind.ts';
import { type StreamEnd, Transport } from '../transport/transport.ts';
import type { ResolvedAlgorithms } from './algorithms.ts';
import { authBroken, invalidCertificate } from './auth-broken.ts';
import { askForHostCertificates, connectClient, offerHybridKex } from './connect-client.ts';
import { HostKeyGuard } from './host-key-guard.ts';
import { mendClient } from './mend-client.ts';
import { streamTimeout } from './phase-timeouts.ts';

/** Everything a handshake needs to know, beside the stream. */
export interface HandshakePlan {
  where: Where;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
  algorithms: ResolvedAlgorithms;
  timeouts: Complete<Timeouts>;
  keepalive: false | Complete<KeepaliveOptions>;
  onLoginBanner?: ((notice: string) => void) | undefined;
  log: Log;
  signal: AbortSignal;
  /** Filled in phase by phase, so that it tells of failed attempts too. */
  timings: Partial<PhaseTimings>;
  /** Why the stream ended, if the route knows better. */
  routeFailure?: (() => Error | undefined) | undefined;
}

/** A login that succeeded: the client, its stream, and whom it led to. */
export interface Established {
  client: Client;
  transport: Transport;
  /** The identification line without `SSH-2.0-`, escaped for display. */
  serverVersion: string;
  /** Of the key that the server has proved to own; reckoned when it is asked for. */
  hostKeyFingerprint(): string;
  /** What the end of the connection waits for. */
  chores: Chores;
  /** From now on, whatever ends the connection is told here, once. */
  onEnd(listener: (error: SshError) => void): void;
}

/**
 * Identification line, key exchange, host key and login over an open stream, each within its own limit. Rejects with
 * one typed error (or the signal's reason), and the stream is then destroyed.
 */
export function handshake(stream: Duplex, plan: HandshakePlan): Promise<Established> {
  return new Handshake(stream, plan).run();
}

class Handshake {
  #plan: HandshakePlan;
  #client = new ssh2.Client();
  #transport: Transport;
  #auth: Authentication;
  #guard: HostKeyGuard;
  #order: MessageOrder | undefined;
  #offer: ServerOffer | undefined;
  #outcome = latch<Established>();
  #phase: HandshakePhase = 'banner';
  #clock = new PhaseClock();
  #chores = new Chores();
  #serverVersion = '';
  #over = new StopSwitch();
  #endListener: ((error: SshError) => void) | undefined;
  #ended: SshError | undefined;

  constructor(stream: Duplex, plan: HandshakePlan) {
    this.#plan = plan;
    this.#transport = new Transport(stream, {
      onIdentification: (line) => this.#identified(line),
      onInvalid: (received) => this.#fail(bannerInvalid(received, this.#situation())),
      onEnd: (end) => this.#streamEnded(end),
    });
    const over = this.#over;
    const target = { ...plan.where, over };
    this.#guard = new HostKeyGuard(plan.hostKey, target, (error) => this.#fail(error));
    const events = {
      over,
      onThinking: (thinking: boolean) => (thinking ? this.#clock.pause() : this.#clock.resume()),
      onBroken: (error: unknown) =>
        this.#phase === 'auth' && this.#fail(authBroken(error, this.#situation())),
    };
    this.#auth = new Authentication(plan.credentials, events, plan.algorithms.publicKey);
  }

  async run(): Promise<Established> {
    const { signal } = this.#plan;
    const unfollow = onAbort(signal, () => this.#fail(signal.reason));
    try {
      signal.throwIfAborted();
      this.#startTimer('banner');
      // Not waited for: a limit or an abort must end the wait for a slow known_hosts file as well.
      this.#startClient().catch((error) => this.#fail(error));
      return await this.#outcome.promise;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#clock.stop();
      unfollow();
    }
  }

  async #startClient(): Promise<void> {
    const plan = this.#plan;
    const algorithms = { ...plan.algorithms };
    const target = { ...plan.where, over: this.#over };
    algorithms.serverHostKey = await plan.hostKey.order(algorithms.serverHostKey, target);
    if (this.#outcome.settled) return;
    this.#listen();
    this.#connect(algorithms);
    this.#mendClient(algorithms);
  }

  #mendClient({ kex, serverHostKey }: ResolvedAlgorithms): void {
    try {
      this.#order = mendClient(this.#client, this.#transport, {
        rekeyTimeout: this.#plan.timeouts.handshake,
        onOutOfTurn: (broken) => this.#fail(outOfTurn(broken, this.#situation())),
        onExceeded: (what) => this.#fail(exceeded(what, this.#situation())),
        onSilentDisconnect: (code, text) => this.#ssh2Failed(Object.assign(new Error(text), { code })),
      });
      askForHostCertificates(this.#client, serverHostKey, {
        onShown: (certificate) => this.#guard.certificateShown(certificate),
        onInvalid: () => this.#fail(invalidCertificate(this.#situation())),
      });
      onServerOffer(this.#client, (offer) => {
        this.#offer = offer;
      });
      // Behind the one above, which tells what the server offers: from here on ssh2 reads something else.
      offerHybridKex(this.#client, kex);
      this.#auth.watch(this.#client);
      if (this.#plan.hostKey.updates) {
        const settings = { ...this.#plan, serverHostKey };
        const tell = (data: Buffer) => this.#guard.hostKeysTold(this.#client, data, settings);
        onHostKeysTold(this.#client, (data) => this.#chores.add(tell(data)));
      }
      authenticateEarly(this.#client, () => isOpenSsh(this.#serverVersion));
    } catch (error) {
      throw unsafeSsh2(error as Error, this.#situation());
    }
  }

  #connect(algorithms: ResolvedAlgorithms): void {
    const settings = { ...this.#plan, algorithms, sock: this.#transport };
    try {
      connectClient(this.#client, settings, this.#guard.verifier, this.#auth.handler);
    } catch (error) {
      throw notStarted(error, this.#situation());
    }
  }

  #listen(): void {
    const client = this.#client;
    client.on('error', (error: Ssh2Error) => this.#ssh2Failed(error));
    client.on('handshake', () => this.#keysExchanged());
    client.on('ready', () => this.#loggedIn());
    client.on('banner', (notice) => this.#tellUser(notice));
    client.on('change password', () =>
      this.#fail(authBroken(new Error('the password has expired'), this.#situation())),
    );
  }

  #ssh2Failed(error: Ssh2Error): void {
    if (!isPassing(error)) this.#fail(classifyError(error, this.#situation()));
  }

  #identified(line: string): void {
    this.#serverVersion = printable(line.replace(/^SSH-[\d.]+-/, ''));
    this.#enter('handshake', 'banner');
  }

  #keysExchanged(): void {
    this.#order?.keysExchanged();
    // ssh2 says so again after each re-key.
    if (this.#phase !== 'handshake') return;
    this.#enter('auth', 'handshake');
    this.#guard.keyProven();
  }

  #loggedIn(): void {
    this.#plan.timings.auth = this.#clock.elapsed;
    this.#guard.recorded.then(
      () => this.#succeed(),
      (error) => this.#fail(error),
    );
  }

  #succeed(): void {
    if (this.#outcome.settled) return;
    this.#clock.stop();
    this.#phase = 'session';
    this.#outcome.resolve({
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
    this.#plan.timings[finished] = this.#clock.elapsed;
    this.#phase = phase;
    this.#startTimer(phase);
  }

  #startTimer(phase: StreamPhase): void {
    if (this.#outcome.settled) return;
    const limit = this.#plan.timeouts[phase];
    this.#clock.start(limit, () => this.#fail(streamTimeout(phase, limit, this.#situation())));
  }

  #streamEnded(end: StreamEnd): void {
    const failure = this.#plan.routeFailure?.();
    if (failure && this.#phase !== 'session') return this.#fail(failure);
    this.#fail(classifyEnd(end, this.#situation()));
  }

  /** The first cause wins; later ones are its consequences. */
  #fail(error: unknown): void {
    this.#clock.stop();
    this.#transport.kill();
    this.#over.abort();
    if (this.#phase === 'session') return this.#sessionEnded(error as SshError);
    this.#outcome.reject(error);
    // Nobody may be waiting yet (a stream that fails before run()).
    this.#outcome.promise.catch(() => {});
  }

  #sessionEnded(error: SshError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#endListener?.(error);
  }

  #tellUser(notice: string): void {
    const { onLoginBanner } = this.#plan;
    if (!onLoginBanner) return;
    const shown = notice
      .slice(0, 8_000)
      .split(/\r?\n/)
      .map((line) => printable(line, 1_000));
    // Out of ssh2's packet handler: what the user's function throws must not end the connection.
    setImmediate(() => harmless(() => onLoginBanner(shown.join('\n'))));
  }

  #situation(): Situation {
    return {
      ...this.#plan.where,
      phase: this.#phase,
      elapsedMs: this.#clock.elapsed,
      saidBefore: this.#transport.saidBefore,
      serverOffer: this.#offer,
      ...this.#auth.situation,
    };
  }
}
