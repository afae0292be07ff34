import { homedir, userInfo } from 'node:os';

/** The home folder; undefined for a process without HOME whose user is in no password file: containers do that. */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/** The name of this process's user, by the system or else by the environment; undefined where neither tells. */
export function accountName(): string | undefined {
  const { LOGNAME, USER, USERNAME } = process.env;
  try {
    return userInfo().username;
  } catch {
    return LOGNAME || USER || USERNAME || undefined;
  }
}
