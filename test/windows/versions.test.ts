import { describe, expect, it } from 'vitest';
import { factsOf, windowsFacts, windowsVersions } from '../../src/windows/versions.ts';

describe('what is known of an OpenSSH for Windows', () => {
  it.each([
    ['SSH-2.0-OpenSSH_for_Windows_7.7', '7.7'],
    ['OpenSSH_for_Windows_8.1', '8.1'],
    ['OpenSSH_for_Windows_8.0', '7.7'],
    ['OpenSSH_for_Windows_8.9', '8.6'],
    ['OpenSSH_for_Windows_9.5', '9.5'],
    ['OpenSSH_for_Windows_9.8 Win32-OpenSSH-GitHub', '9.8'],
    ['OpenSSH_for_Windows_10.0', '9.8'],
    ['OpenSSH_for_Windows_7.1', '7.7'],
    ['OpenSSH_for_Windows', '7.7'],
  ])('%s is taken for %s', (line, version) => {
    expect(windowsFacts(line)?.version).toBe(version);
  });

  it.each(['SSH-2.0-OpenSSH_9.9', 'dropbear', '', undefined])('is nothing for %s', (line) => {
    expect(windowsFacts(line)).toBeUndefined();
  });

  it('has limits, long writes and a rename that replaces since 8.6', () => {
    const since = windowsVersions.filter((version) => factsOf(version).extensions['limits@openssh.com']);
    expect(since).toEqual(['8.6', '9.5', '9.8']);
    expect(windowsVersions.filter((version) => factsOf(version).renameReplaces)).toEqual(since);
    expect(windowsVersions.filter((version) => factsOf(version).maxWrite > 102_400)).toEqual(since);
  });
});
