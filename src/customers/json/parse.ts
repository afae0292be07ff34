import { printable } from '../../text/printable.ts';

/** A value in a JSON text with its position, from `start` to `end` in UTF-16 code units. */
export type JsonNode = { start: number; end: number } & (
  | { kind: 'object'; members: JsonMember[] }
  | { kind: 'array'; items: JsonNode[] }
  | { kind: 'string'; value: string }
  | { kind: 'number'; value: number }
  | { kind: 'literal'; value: boolean | null }
);

export interface JsonMember {
  name: string;
  /** Position of the name. */
  start: number;
  value: JsonNode;
}

export type JsonObject = Extract<JsonNode, { kind: 'object' }>;

/** Something that is not JSON, and where. */
export class JsonSyntaxError extends SyntaxError {
  override name = 'JsonSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const deepest = 50;
const blanks = /[ \t\r\n]*/y;
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literalToken = /true|false|null/y;

/** Parses a JSON text (RFC 8259) and keeps all positions. @throws {JsonSyntaxError} */
export function parseJson(text: string): JsonNode {
  const reader = new JsonReader(text);
  const node = reader.value(0);
  reader.end();
  return node;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A byte order mark, as written by editors on Windows.
    if (text.startsWith('\ufeff')) this.#at = 1;
  }

  value(depth: number): JsonNode {
    if (depth > deepest) throw this.#wrong(`nested deeper than ${deepest} levels`);
    this.#skip();
    const start = this.#at;
    const next = this.#text[start];
    if (next === '{') return { kind: 'object', members: this.#members(depth), start, end: this.#at };
    if (next === '[') return { kind: 'array', items: this.#items(depth), start, end: this.#at };
    if (next === '"') return { kind: 'string', value: this.#string(), start, end: this.#at };
    const literal = this.#take(literalToken);
    if (literal !== undefined) return { kind: 'literal', value: JSON.parse(literal), start, end: this.#at };
    const number = this.#take(numberToken);
    if (number !== undefined) return { kind: 'number', value: Number(number), start, end: this.#at };
    throw this.#wrong('a value is missing');
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) throw this.#wrong('something follows the end');
  }

  #members(depth: number): JsonMember[] {
    const members: JsonMember[] = [];
    const names = new Set<string>();
    this.#list('}', () => {
      this.#skip();
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#wrong('a name in double quotes is missing');
      const name = this.#string();
      if (names.has(name)) throw new JsonSyntaxError(`"${printable(name, 60)}" occurs twice here`, start);
      names.add(name);
      this.#skip();
      if (this.#text[this.#at] !== ':') throw this.#wrong('":" is missing');
      this.#at++;
      members.push({ name, start, value: this.value(depth + 1) });
    });
    return members;
  }

  #items(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#list(']', () => void items.push(this.value(depth + 1)));
    return items;
  }

  /** Parses comma-separated items up to a closing bracket. */
  #list(close: string, readOne: () => void): void {
    this.#at++;
    this.#skip();
    if (this.#text[this.#at] === close) return void this.#at++;
    for (;;) {
      readOne();
      this.#skip();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== close) throw this.#wrong(`"," or "${close}" is missing`);
      this.#at++;
      if (next === close) return;
    }
  }

  #string(): string {
    const token = this.#take(stringToken);
    if (token === undefined)
      throw this.#wrong('a string does not end, or has a character that must be escaped');
    return JSON.parse(token);
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#take(blanks);
  }

  #wrong(message: string): JsonSyntaxError {
    const isComment = /^\/[/*]/.test(this.#text.slice(this.#at, this.#at + 2));
    return new JsonSyntaxError(isComment ? 'JSON has no comments' : message, this.#at);
  }
}

/** The plain value of a node. Objects have no prototype, so that any name is safe. */
export function plainValue(node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map(plainValue);
  if (node.kind !== 'object') return node.value;
  const object: Record<string, unknown> = Object.create(null);
  for (const { name, value } of node.members) object[name] = plainValue(value);
  return object;
}

export function memberOf(node: JsonNode | undefined, name: string): JsonMember | undefined {
  return node?.kind === 'object' ? node.members.find((member) => member.name === name) : undefined;
}

/** The line that contains an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
