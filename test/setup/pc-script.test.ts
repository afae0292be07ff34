import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Customer, CustomerGateway } from '../../src/index.ts';
import { pcScript } from '../../src/setup/pc/pc-script.ts';
import { syntaxErrors } from '../support/powershell-syntax.ts';

const gateway: CustomerGateway = {
  ...{ host: 'gateway.example.com', port: 2222, layout: 'published', operator: 'root' },
  hostKey: ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'],
};
const customer: Customer = {
  ...{ code: 'acme', account: 'tunnel-acme', port: 9012, username: 'rpa', hostKeyAlias: 'acme' },
  ...{ route: 'published', labels: {}, state: 'active' },
};
const hostile = `k'im"; $(touch /tmp/x) \`id\` \\ %PATH% & 김`;

/** The variables that a sh script begins with, as sh sees them. */
function settingsOf(script: string, ...names: string[]): string[] {
  const head = script.slice(script.indexOf('export LC_ALL'), script.indexOf('\naction='));
  const print = names.map((name) => `printf '%s\\0' "$${name}"`).join('\n');
  return execFileSync('/bin/sh', ['-c', `${head}\n${print}`])
    .toString()
    .split('\0')
    .slice(0, -1);
}

describe('the script of a Linux PC', () => {
  test('has its settings quoted, whatever they contain', () => {
    const script = pcScript(gateway, { ...customer, username: hostile }, { system: 'linux', targetPort: 22 });
    expect(settingsOf(script, 'code', 'account', 'port', 'listen', 'socket', 'target', 'login')).toEqual([
      ...['acme', 'tunnel-acme', '9012', '*:', '', '127.0.0.1:22', hostile],
    ]);
    expect(settingsOf(script, 'known_hosts')).toEqual([
      'gateway-of-acme ssh-ed25519 AAAA\ngateway-of-acme ssh-rsa BBBB',
    ]);
    expect(script).toMatch(/^#!\/bin\/sh\n# Keeps this PC reachable/);
    expect(script).not.toContain('--- settings ---');
  });

  test('supports the layouts', () => {
    const of = (route: Customer['route']) =>
      settingsOf(
        pcScript(gateway, { ...customer, route }, { system: 'linux', targetPort: 22 }),
        'listen',
        'socket',
      );
    expect(of('jump')).toEqual(['', '']);
    expect(of('socket')).toEqual(['', '/var/lib/ssh-via-gateway/tunnel-acme/pc.sock']);
  });

  test('is sh', () => {
    const script = pcScript(gateway, customer, { system: 'linux', targetPort: 22 });
    for (const shell of ['sh', 'bash']) execFileSync(shell, ['-n'], { input: script });
  });
});

describe('the script of a Windows PC', () => {
  test('is ASCII with CRLF, without syntax errors, and with its settings quoted', async () => {
    const script = pcScript(
      gateway,
      { ...customer, username: hostile },
      { system: 'windows', targetPort: 22 },
    );
    expect(script).toMatch(/^[\r\n\x20-\x7e]+$/);
    expect(script.replaceAll('\r\n', '')).not.toContain('\n');
    expect(await syntaxErrors(script)).toEqual([]);
    expect(script).toContain(
      `$login = [regex]::Unescape('k''im"; $(touch /tmp/x) \`id\` \\\\ %PATH% & \\uae40')`,
    );
    expect(script).toContain('$port = 9012\r\n'.replace('9012', "'9012'"));
  });
});

test('without a host key to pin there is no script', () => {
  const options = { system: 'linux', targetPort: 22 } as const;
  expect(() => pcScript({ ...gateway, hostKey: [] }, customer, options)).toThrow(
    /gateway\.hostKey.*setup gateway --apply/,
  );
});
