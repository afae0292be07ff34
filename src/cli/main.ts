#!/usr/bin/env node
import { main } from './cli.ts';
import { stopOnSignals } from './signals.ts';

const { stdin, stdout, stderr, env } = process;
const { signal, release } = stopOnSignals();

void main(process.argv.slice(2), { stdin, stdout, stderr, env, signal }).then((code) => {
  release();
  process.exitCode = code;
  // An input that nobody reads to its end would keep the process alive.
  stdin.destroy();
});
