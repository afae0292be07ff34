import { describe, expect, it } from 'vitest';
import { connectViaGateway, type ProxyCommandFailed, proxyCommand } from '../../src/index.ts';

const hold = 'setTimeout(() => {}, 60000)';

async function failure(script: string, timeouts: object = {}): Promise<ProxyCommandFailed> {
  const options = { host: 'pc12', username: 'x', password: 'x', hostKey: 'insecure-accept-any' } as const;
  const via = proxyCommand([process.execPath, '-e', script]);
  return connectViaGateway({ ...options, via, retry: false, timeouts }).then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe('a proxy command', () => {
  it.each([
    [
      'prints a page',
      "console.log('<html>login</html>')",
      'SSH_BANNER_INVALID',
      /printed "<html>login<\/html>\\n" instead/,
    ],
    [
      'prints an answer of HTTP',
      `console.log('HTTP/1.1 302 Found\\r\\n');${hold}`,
      'SSH_BANNER_INVALID',
      /printed "HTTP\/1\.1 302 Found/,
    ],
    [
      'ends without a word',
      '',
      'SSH_BANNER_MISSING',
      /ended after \d+ ms without a whole SSH identification line$/,
    ],
    [
      'is silent',
      hold,
      'SSH_BANNER_TIMEOUT',
      /^pc12:22 was not heard through the proxy command \S+ within 700 ms/,
    ],
  ])('that %s is not reported as a server', async (_what, script, code, message) => {
    const error = await failure(script, { banner: script === hold ? 700 : 10_000 });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/\bthe proxy command \S*node/);
    expect(error.hint).toMatch(/run it by hand/i);
    expect(error.message + error.hint).not.toMatch(/web server|accepted the connection/);
  });

  it('is reported as such if it leads to a server that says it is busy', async () => {
    const error = await failure("console.log('Exceeded MaxStartups')");
    expect(error).toMatchObject({ code: 'SSH_BANNER_INVALID', retryable: true });
    expect(error.hint).toMatch(/MaxStartups/);
  });
});
