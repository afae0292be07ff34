import { defineConfig } from 'vitest/config';

// Our scripts in a real PowerShell 7 behind a real sshd. Needs Linux, root, sshd, gcc and pwsh. Each start of PowerShell
// takes most of a second: two files at a time.
export default defineConfig({
  test: {
    include: ['test/powershell/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
