/** What a program does with an open file, and what it lets others do meanwhile. */
export interface OpenMode {
  access: readonly Access[];
  share: readonly Access[];
}

/** GENERIC_READ and FILE_SHARE_READ, and so on. */
export type Access = 'read' | 'write' | 'delete';

/**
 * Who has which file open. At each open, Windows checks whether the new user and all others allow each other's access.
 */
export class ShareModes {
  readonly #open = new Map<string, Set<OpenMode>>();

  /** Registers an open file; undefined if others do not allow it. The returned function closes it. */
  enter(key: string, mode: OpenMode): (() => void) | undefined {
    const others = this.#open.get(key) ?? new Set();
    if ([...others].some((other) => clashes(mode, other))) return undefined;
    this.#open.set(key, others.add(mode));
    return () => void others.delete(mode);
  }

  isOpen(key: string): boolean {
    return (this.#open.get(key)?.size ?? 0) > 0;
  }

  /** Whether the file may be renamed or removed. */
  isFree(key: string): boolean {
    return [...(this.#open.get(key) ?? [])].every(({ share }) => share.includes('delete'));
  }

  /** The file has been given a second name. */
  link(from: string, to: string): void {
    const others = this.#open.get(from) ?? new Set();
    this.#open.set(from, others).set(to, others);
  }

  /** The file has been renamed; whoever has it open keeps it. */
  rename(from: string, to: string): void {
    const others = this.#open.get(from);
    this.#open.delete(from);
    this.#open.delete(to);
    if (others) this.#open.set(to, others);
  }

  remove(key: string): void {
    this.#open.delete(key);
  }
}

function clashes(one: OpenMode, other: OpenMode): boolean {
  const allows = ({ share }: OpenMode, { access }: OpenMode) => access.every((each) => share.includes(each));
  return !allows(one, other) || !allows(other, one);
}
