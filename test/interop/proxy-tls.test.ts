import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { connectViaGateway, httpProxy } from '../../src/index.ts';
import { failureOf } from '../support/outcome.ts';

it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:7f00:1]'])(
  'a proxy at %s whose certificate is not trusted is told as such, and not tried again',
  async (host) => {
    const folder = await mkdtemp(join(tmpdir(), 'svg-tls-'));
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=proxy.corp.example'];
    await promisify(execFile)('openssl', ['req', ...made, '-keyout', key, '-out', certificate]);
    const proxy = createServer({ key: await readFile(key), cert: await readFile(certificate) });
    proxy.on('tlsClientError', () => {}).listen(0, '::');
    await once(proxy, 'listening');
    const warned = vi.fn();
    process.on('warning', warned);
    const via = httpProxy(`https://kim:x@${host}:${(proxy.address() as AddressInfo).port}`);
    const target = { host: '10.9.9.9', port: 9012, username: 'x', password: 'x', via };
    const { error } = await failureOf(connectViaGateway({ ...target, hostKey: 'insecure-accept-any' }));
    expect(error).toMatchObject({
      code: 'SSH_PROXY_FAILED',
      retryable: false,
      message: expect.stringMatching(/shows a certificate that is not trusted: self-signed certificate/),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    await new Promise((resolve) => setImmediate(resolve));
    // An address is no server name: Node.js warns of it, and will refuse it some day.
    expect(warned).not.toHaveBeenCalled();
    process.off('warning', warned);
    await new Promise((resolve) => proxy.close(resolve));
    await rm(folder, { recursive: true });
  },
);
