import { type JsonNode, type JsonObject, memberOf, parseJson } from './parse.ts';

/**
 * The text with one member set and everything else unchanged: other members, their order, white space and line ends.
 * Missing objects on the path are created.
 *
 * @param path Names from the outermost object inwards; the last one is the member's.
 */
export function setInJson(text: string, path: readonly string[], value: unknown): string {
  let node = parseJson(text);
  for (const [depth, name] of path.entries()) {
    const found = memberOf(node, name);
    const rest = path.slice(depth + 1);
    if (!found) return insert(text, node, { name, value: wrap(rest, value), depth: depth + 1 });
    if (rest.length === 0) return replace(text, found.value, value, depth + 1);
    node = found.value;
  }
  return text;
}

function wrap(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}

function replace(text: string, { start, end }: JsonNode, value: unknown, depth: number): string {
  return text.slice(0, start) + write(text, value, depth) + text.slice(end);
}

interface NewMember {
  name: string;
  value: unknown;
  /** The nesting depth of the new member: 1 in the outermost object. */
  depth: number;
}

function insert(text: string, node: JsonNode, { name, value, depth }: NewMember): string {
  if (node.kind !== 'object') throw new TypeError(`the value that should contain "${name}" is not an object`);
  const member = `${JSON.stringify(name)}: ${write(text, value, depth)}`;
  const last = node.members.at(-1);
  if (last) {
    const { end } = last.value;
    return `${text.slice(0, end)},${gapBefore(text, node)}${member}${text.slice(end)}`;
  }
  const [line, unit] = styleOf(text);
  const inside = `${line}${unit.repeat(depth)}${member}${line}${unit.repeat(depth - 1)}`;
  return `${text.slice(0, node.start)}{${inside}}${text.slice(node.end)}`;
}

/** The white space before the first member: in a tidy file, it is the same between the others. */
function gapBefore(text: string, { start, members }: JsonObject): string {
  return text.slice(start + 1, members[0]!.start) || ' ';
}

function write(text: string, value: unknown, depth: number): string {
  const [line, unit] = styleOf(text);
  return JSON.stringify(value, null, unit || 2).replaceAll('\n', line + unit.repeat(depth));
}

/** The file's own line end and unit of indentation. */
function styleOf(text: string): [line: string, unit: string] {
  const [, line = '\n', unit = '  '] = /(\r?\n)([ \t]+)"/.exec(text) ?? [];
  return [line, unit];
}
