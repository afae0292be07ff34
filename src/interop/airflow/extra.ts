import { checkBag } from '../../check/options.ts';
import { wrongAs, wrongSecret, wrongType } from '../../check/wrong.ts';

/** The `extra` field of an Airflow connection; its values may be JSON or text with the same meaning. */
export class AirflowExtra {
  #values: Record<string, unknown>;

  /** @throws {TypeError} unless it is an object or its JSON text; never shows the text, which contains secrets. */
  constructor(extra: unknown) {
    this.#values = valuesOf(extra);
  }

  get names(): string[] {
    return Object.keys(this.#values);
  }

  get(name: string): unknown {
    return this.#values[name] ?? undefined;
  }

  /** Non-empty text. */
  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw wrongType(`extra.${name}`, value, 'text');
    return value;
  }

  /** Non-empty text that is never shown. */
  secret(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value || undefined;
    throw wrongSecret(`extra.${name}`, value, 'text');
  }

  /** Seconds, as a number or text, converted to milliseconds. */
  milliseconds(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || value === '') return undefined;
    const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) {
      throw wrongType(`extra.${name}`, value, 'a number of seconds');
    }
    return seconds * 1_000;
  }

  /** `true` and `"True"`, `false` and `"False"`; undefined for anything else, as in the hook. */
  flag(name: string): boolean | undefined {
    const text = String(this.get(name)).toLowerCase();
    return text === 'true' ? true : text === 'false' ? false : undefined;
  }

  /** A list, as JSON or as comma-separated text. */
  list(name: string): string[] | undefined {
    return listOf(`extra.${name}`, this.get(name));
  }
}

export function listOf(option: string, value: unknown): string[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const list = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(list) || list.some((name) => typeof name !== 'string')) {
    throw wrongType(option, value, 'a list of names');
  }
  return list;
}

function valuesOf(extra: unknown): Record<string, unknown> {
  if (extra === undefined || extra === null || extra === '') return {};
  const values = typeof extra === 'string' ? parse(extra) : extra;
  if (typeof values === 'string') throw wrongSecret('connection.extra', values, 'an object or its JSON');
  checkBag('connection.extra', values, 'an object or its JSON');
  return values;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongAs('connection.extra', 'text that is not JSON', 'an object or its JSON');
  }
}
