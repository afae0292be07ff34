import { defineConfig } from 'vitest/config';

// Our scripts in a real PowerShell 7 behind a real sshd. Needs Linux, root, sshd, gcc and pwsh. Each start of PowerShell
// takes most of a second: two files at a time.
export default defineConfig({
  test: {
    include: ['test/powershell/**/*.test.ts'],
    // Clocks and real servers on a busy CI machine: a test that fails there is asked once more before it counts.
    retry: process.env['CI'] ? 1 : 0,
    // Longer than the product itself waits for PowerShell to end a command.
    expect: { poll: { timeout: 45_000, interval: 250 } },
    testTimeout: 180_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
