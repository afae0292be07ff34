import type { Socket } from 'node:net';
import { type Checks, checkOptions } from '../check/options.ts';
import { ChannelOpenFailed } from '../errors/index.ts';
import { readRequest, type SocksRequest } from '../socks/serve.ts';
import { reply } from '../socks/wire.ts';
import { openDirect } from '../ssh2/channels/forwards.ts';
import type { Link } from '../ssh2/channels/link.ts';
import { startTimer } from '../time/timer.ts';
import { commonChecks, listenAddressOf, listenChecks } from './check.ts';
import { listenLocally, originOf } from './local-listener.ts';
import type { DynamicForwardOptions, Forwarding } from './types.ts';

/** Milliseconds that a program has to say where it wants to connect. */
const patience = 10_000;

const checks: Checks<DynamicForwardOptions> = { ...listenChecks, ...commonChecks };

/** @throws {PortForwardFailed} if this machine cannot listen there. */
export async function forwardDynamic(link: Link, options: DynamicForwardOptions = {}): Promise<Forwarding> {
  checkOptions(options, checks);
  const address = listenAddressOf(options, { host: '127.0.0.1', port: 0 });
  return listenLocally(link, address, options, async (socket, connections) => {
    const request = await requestOf(socket);
    try {
      const stream = await openDirect(link, request.target, { from: originOf(socket) });
      request.answer(reply.succeeded);
      connections.join(socket, stream);
    } catch (error) {
      request.answer(replyTo(error));
      socket.end();
      connections.failed(error);
    }
  });
}

async function requestOf(socket: Socket): Promise<SocksRequest> {
  const stop = startTimer(patience, () =>
    socket.destroy(new Error(`the program did not say within ${patience} ms where to connect`)),
  );
  try {
    return await readRequest(socket);
  } finally {
    stop();
  }
}

/** The server's answer about the target, as a SOCKS reply code. */
function replyTo(error: unknown): number {
  if (!(error instanceof ChannelOpenFailed)) return reply.failed;
  if (error.reasonCode === 1) return reply.notAllowed;
  return /refused/i.test(error.reason ?? '') ? reply.refused : reply.hostUnreachable;
}
