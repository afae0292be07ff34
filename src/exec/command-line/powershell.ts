import { powerShellString } from '../quote/powershell.ts';
import type { CheckedSurroundings } from './surroundings.ts';

/** What PowerShell runs before the script, with `$ErrorActionPreference` at `Stop`. */
export function powerShellPrefix({ cwd, env }: CheckedSurroundings): string {
  const steps = env.map(([name, value]) => `\${env:${name}}=${powerShellString(value)};`);
  if (cwd === undefined) return steps.join('');
  return `Set-Location -LiteralPath ${powerShellString(cwd)} -ErrorAction Stop;${steps.join('')}`;
}
