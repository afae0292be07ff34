import { type OptionSpec, variableOf } from './option-spec.ts';
import { choice, duration, port, wholeNumber, wrongValue } from './values.ts';

/** The values as typed, by long name. */
export type Given = Map<string, string[]>;

/** What the user specified: in the arguments, or else in the environment. */
export class Settings {
  readonly #specs: readonly OptionSpec[];
  readonly #given: Given;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(specs: readonly OptionSpec[], given: Given, env: Readonly<Record<string, string | undefined>>) {
    this.#specs = specs;
    this.#given = given;
    this.#env = env;
  }

  flag(name: string): boolean {
    if (this.#given.has(name)) return true;
    const value = this.#fromEnv(name);
    if (value === undefined) return false;
    if (/^(1|true|yes|on)$/i.test(value)) return true;
    if (/^(0|false|no|off)$/i.test(value)) return false;
    throw wrongValue(variableOf(name), value, '1 or 0');
  }

  text(name: string): string | undefined {
    return this.#given.get(name)?.at(-1) ?? this.#fromEnv(name);
  }

  list(name: string): readonly string[] {
    const given = this.#given.get(name);
    if (given) return given;
    const value = this.#fromEnv(name);
    return value === undefined ? [] : [value];
  }

  /** Checks every value that was given. @throws {UsageError} for the first one that is wrong. */
  check(): void {
    for (const { name, check, value } of this.#specs) {
      if (value === undefined) this.flag(name);
      for (const text of check ? this.list(name) : []) check?.(text, this.sourceOf(name));
    }
  }

  duration(name: string): number | undefined {
    return this.#read(name, duration);
  }

  port(name: string): number | undefined {
    return this.#read(name, port);
  }

  wholeNumber(name: string, lowest: number, highest?: number): number | undefined {
    return this.#read(name, (text, source) => wholeNumber(text, source, lowest, highest));
  }

  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    return this.#read(name, (text, source) => choice(text, source, allowed));
  }

  /** The same settings without one option, which means something else here. */
  without(name: string): Settings {
    const given = new Map([...this.#given].filter(([one]) => one !== name));
    const specs = this.#specs.filter((spec) => spec.name !== name);
    return new Settings(specs, given, this.#env);
  }

  /** The same settings, ignoring these environment variables. */
  withoutVariables(names: readonly string[]): Settings {
    const env = { ...this.#env };
    for (const name of names) delete env[variableOf(name)];
    return new Settings(this.#specs, this.#given, env);
  }

  /** The arguments that mean the same to another process of this program, without its environment. */
  toArgv(specs: readonly OptionSpec[], change: (spec: OptionSpec, value: string) => string): string[] {
    return specs.flatMap((spec) => {
      if (!spec.value) return this.flag(spec.name) ? [`--${spec.name}`] : [];
      return this.list(spec.name).map((value) => `--${spec.name}=${change(spec, value)}`);
    });
  }

  /** The same settings, with values for what was not given. */
  withDefaults(values: Readonly<Record<string, string>>): Settings {
    const given: Given = new Map(this.#given);
    for (const [name, value] of Object.entries(values)) {
      if (this.text(name) === undefined) given.set(name, [value]);
    }
    return new Settings(this.#specs, given, this.#env);
  }

  /** Whether it was given among the arguments or in the environment. */
  isGiven(name: string): boolean {
    return this.#given.has(name) || this.#fromEnv(name) !== undefined;
  }

  /** Whether it was given among the arguments. */
  isArgument(name: string): boolean {
    return this.#given.has(name);
  }

  /** How the user gave it, for messages. */
  sourceOf(name: string): string {
    return this.#given.has(name) ? `--${name}` : variableOf(name);
  }

  #read<T>(name: string, read: (text: string, source: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : read(text, this.sourceOf(name));
  }

  /** An empty variable counts as unset: in many configuration files, that is the only way to unset one. */
  #fromEnv(name: string): string | undefined {
    const spec = this.#specs.find((one) => one.name === name);
    if (!spec?.env) return undefined;
    return this.#env[variableOf(name)] || undefined;
  }
}
