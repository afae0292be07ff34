import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { blame, type CallSite, callSite } from '../../src/errors/call-site.ts';
import { HandshakeFailed } from '../../src/errors/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo, optionsFor } from '../support/connect.ts';

describe('the stack of an error created in a callback', () => {
  it('ends with the call site', () => {
    const library = (): CallSite => callSite(library);
    const myProgram = () => library();
    const error = blame(new HandshakeFailed('m', { phase: 'handshake' }), myProgram());
    expect(error.stack).toMatch(/^HandshakeFailed: m\n[\s\S]*at myProgram/);
    expect(error.stack).not.toContain('at library');
  });

  it('is unchanged if the call site is not known', () => {
    const error = new HandshakeFailed('m', { phase: 'handshake' });
    const before = error.stack;
    expect(blame(error, {}).stack).toBe(before);
  });

  it('names the caller of connectViaGateway after a timeout', async () => {
    await using server = await startMockServer({ faults: { banner: 'mute' } });
    async function myRobot() {
      await connectViaGateway(optionsFor(server, { timeouts: { banner: 50 } }));
    }
    const error = await myRobot().catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'SSH_BANNER_TIMEOUT' });
    expect((error as Error).stack).toContain('myRobot');
  });

  it('names the caller after a server disconnected', async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
    async function myRobot() {
      await connectTo(server);
    }
    const error = await myRobot().catch((reason: Error) => reason);
    expect((error as Error).stack).toMatch(/BannerMissing: [^\n]+\n[\s\S]*connectTo/);
  });
});
