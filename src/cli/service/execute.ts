import { execFile } from 'node:child_process';
import type { Execute } from './service.ts';

const timeout = 60_000;

export const execute: Execute = (file, args) =>
  new Promise((resolve) => {
    execFile(file, [...args], { timeout, windowsHide: true }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : undefined) : 0;
      resolve({ code, stdout, stderr: stderr || (error && code === undefined ? error.message : '') });
    });
  });
