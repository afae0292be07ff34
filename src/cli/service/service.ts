/** A program that the system starts automatically and keeps running. */
export interface Service {
  /** Its name in the system; letters, digits, - and _. */
  name: string;
  /** Its description for people. */
  title: string;
  /** The program and its arguments. */
  argv: readonly string[];
}

/** Manages the services of a system: where they are defined, and how they are started and stopped. */
export interface ServiceManager {
  /** Resolves to what was done; empty if nothing had to be. */
  install(service: Service): Promise<string[]>;
  uninstall(name: string): Promise<string[]>;
  status(name: string): Promise<ServiceStatus>;
}

interface ServiceStatus {
  isInstalled: boolean;
  isRunning: boolean;
  /** The system's own status text. */
  details: string;
}

/** Runs a system program. Never rejects: if it could not be started, the code is `undefined`. */
export type Execute = (
  file: string,
  args: readonly string[],
) => Promise<{ code: number | undefined; stdout: string; stderr: string }>;

/** The system could not do it. */
export class ServiceFailed extends Error {
  override name = 'ServiceFailed';
}

/** Runs a program that must succeed. @throws {ServiceFailed} with its output, on one line. */
export async function must(execute: Execute, file: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(file, args);
  if (code === 0) return stdout;
  const why = stderr.trim() || stdout.trim() || `it ended with ${code ?? 'an error at its start'}`;
  const words = why.replace(/\s*\r?\n\s*/g, '; ');
  throw new ServiceFailed(`${[file, ...args.slice(0, 3)].join(' ')}: ${words}`);
}
