import { nearest } from '../../text/nearest.ts';
import { printable, quoted } from '../../text/printable.ts';
import { type JsonMember, type JsonNode, type JsonObject, memberOf } from './parse.ts';

/** The part of JSON Schema that the customers file's schema uses. */
export interface Schema {
  type?: string;
  description?: string;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  propertyNames?: { pattern: string };
  additionalProperties?: Schema;
  items?: Schema;
  minItems?: number;
  pattern?: string;
  minLength?: number;
  minimum?: number;
  maximum?: number;
  enum?: readonly string[];
}

/** One violation, and where. */
interface Problem {
  /** Names from the outermost object inwards, separated by dots; empty for the whole. */
  field: string;
  offset: number;
  message: string;
}

/** The parts of the file that violate the schema, in the order of the file. */
export function checkAgainst(schema: Schema, node: JsonNode, field = ''): Problem[] {
  const wrong = (message: string): Problem[] => [{ field, offset: node.start, message }];
  if (schema.type !== undefined && typeOf(node) !== schema.type) {
    if (!(schema.type === 'integer' && typeOf(node) === 'number'))
      return wrong(`${shown(node)} given; ${rightOf(schema)} would be right`);
  }
  if (node.kind === 'string' && !fitsText(schema, node.value)) return wrong(unfit(schema, node));
  if (node.kind === 'number' && !fitsNumber(schema, node.value)) return wrong(unfit(schema, node));
  if (node.kind === 'array') return checkItems(schema, node, field);
  return node.kind === 'object' ? checkMembers(schema, node, field) : [];
}

function checkItems(schema: Schema, node: Extract<JsonNode, { kind: 'array' }>, field: string): Problem[] {
  const { items, minItems = 0 } = schema;
  if (node.items.length < minItems)
    return [{ field, offset: node.start, message: `at least ${minItems} would be right` }];
  return items ? node.items.flatMap((item, index) => checkAgainst(items, item, `${field}[${index}]`)) : [];
}

function checkMembers(schema: Schema, node: JsonObject, field: string): Problem[] {
  return [
    ...(schema.required ?? []).flatMap((name) => checkPresent(schema, node, { field, name })),
    ...node.members.flatMap((member) => checkMember(schema, member, field)),
  ].sort((a, b) => a.offset - b.offset);
}

function checkPresent(schema: Schema, node: JsonObject, want: { field: string; name: string }): Problem[] {
  if (memberOf(node, want.name)) return [];
  const strangers = node.members.filter(({ name }) => !Object.hasOwn(schema.properties ?? {}, name));
  const meant = nearest(
    want.name,
    strangers.map(({ name }) => name),
  );
  const member = strangers.find(({ name }) => name === meant);
  const message = `missing${member ? `; is ${quoted(member.name, 40)} meant?` : ''}`;
  return [{ field: join(want.field, want.name), offset: member?.start ?? node.start, message }];
}

function checkMember(schema: Schema, { name, start, value }: JsonMember, field: string): Problem[] {
  const own = join(field, name);
  const { propertyNames, properties = {}, additionalProperties } = schema;
  if (propertyNames && !new RegExp(propertyNames.pattern, 'u').test(name)) {
    return [
      { field: own, offset: start, message: `a name that fits ${propertyNames.pattern} would be right` },
    ];
  }
  const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  return known ? checkAgainst(known, value, own) : checkUnknown(properties, { name, start }, own);
}

/** Unknown members are the user's own; one that differs from a known one only in case or dashes is a slip. */
function checkUnknown(
  properties: Readonly<Record<string, Schema>>,
  { name, start }: Pick<JsonMember, 'name' | 'start'>,
  field: string,
): Problem[] {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const meant = Object.keys(properties).find((known) => plain(known) === plain(name));
  return meant === undefined ? [] : [{ field, offset: start, message: `did you mean ${meant}?` }];
}

function join(field: string, name: string): string {
  const word = printable(name, 60);
  return field === '' ? word : `${field}.${word}`;
}

function typeOf(node: JsonNode): string {
  if (node.kind !== 'literal') return node.kind;
  return node.value === null ? 'null' : 'boolean';
}

function fitsText({ pattern, minLength = 0, enum: words }: Schema, value: string): boolean {
  if (value.length < minLength || value.includes('\0')) return false;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return false;
  return words === undefined || words.includes(value);
}

function fitsNumber({ type, minimum = -Infinity, maximum = Infinity }: Schema, value: number): boolean {
  return value >= minimum && value <= maximum && (type !== 'integer' || Number.isInteger(value));
}

function unfit(schema: Schema, node: JsonNode): string {
  return `${shown(node)} given; ${rightOf(schema)} would be right`;
}

function shown(node: JsonNode): string {
  if (node.kind === 'string') return quoted(node.value, 60);
  if (node.kind === 'number' || node.kind === 'literal') return String(node.value);
  return node.kind === 'array' ? 'a list' : 'an object';
}

function rightOf({ type, enum: words, pattern, minimum, maximum }: Schema): string {
  if (words) return words.join(' or ');
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  if (pattern !== undefined) return `text that fits ${pattern}`;
  const right: Record<string, string> = { string: 'text', array: 'a list [...]', object: 'an object {...}' };
  return right[type ?? ''] ?? String(type);
}
