/** A program that the system starts by itself and keeps running. */
export interface Service {
  /** Its name for the system; letters, digits, - and _. */
  name: string;
  /** What it is, for people. */
  title: string;
  /** The program and its arguments. */
  argv: readonly string[];
}

/** Where the services of this system are kept, and how they are started and ended. */
export interface ServiceManager {
  /** Says what was done; nothing when all was as it should be. */
  install(service: Service): Promise<string[]>;
  uninstall(name: string): Promise<string[]>;
  status(name: string): Promise<ServiceStatus>;
}

interface ServiceStatus {
  isInstalled: boolean;
  isRunning: boolean;
  /** What the system says of it. */
  details: string;
}

/** Runs a program of the system. Never rejects: what could not be started has the code `undefined`. */
export type Execute = (
  file: string,
  args: readonly string[],
) => Promise<{ code: number | undefined; stdout: string; stderr: string }>;

/** The system did not do it. */
export class ServiceFailed extends Error {
  override name = 'ServiceFailed';
}

/** Runs a program that must succeed. @throws {ServiceFailed} with what it said. */
export async function must(execute: Execute, file: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(file, args);
  if (code === 0) return stdout;
  const why = stderr.trim() || stdout.trim() || `it ended with ${code ?? 'an error at its start'}`;
  throw new ServiceFailed(`${[file, ...args.slice(0, 3)].join(' ')}: ${why}`);
}
