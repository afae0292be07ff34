import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The peak memory of a child, according to Linux; sampled while it runs, so its last 50 ms may be missing. */
export function watchMemory(child: ChildProcess): { stop(): { peakMiB?: number } } {
  let peak: number | undefined;
  const look = () => {
    peak = peakOf(child.pid) ?? peak;
  };
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      return peak === undefined ? {} : { peakMiB: peak };
    },
  };
}

function peakOf(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}
