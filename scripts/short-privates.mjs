// Gives the private fields of each class the shortest names, the same ones in every class: terser numbers them through
// the whole file, which takes longer names and packs worse. Private methods keep theirs: stack traces show them.
import { parseAst } from 'rollup/parseAst';

const letters = [...'etnrosiadclhufpmgvbwyxkjqzETNROSIADCLHUFPMGVBWYXKJQZ'];
const shortNames = [...letters, ...letters.flatMap((one) => letters.map((other) => one + other))];

const isMethod = ({ type, key }) => type === 'MethodDefinition' && key.type === 'PrivateIdentifier';
const isField = ({ type, key }) => type === 'PropertyDefinition' && key.type === 'PrivateIdentifier';

/** The classes of a program, outer ones first, with where each private field occurs. */
function classesOf(node, around, found) {
  if (Array.isArray(node)) for (const one of node) classesOf(one, around, found);
  if (typeof node?.type !== 'string') return found;
  if (node.type === 'PrivateIdentifier') {
    const owner = around.findLast(({ fields, methods }) => fields.has(node.name) || methods.has(node.name));
    owner?.fields.get(node.name)?.push(node);
  }
  const inside = node.type === 'ClassBody' ? [...around, classOf(node, around)] : around;
  if (inside !== around) found.push(inside.at(-1));
  for (const value of Object.values(node)) if (typeof value === 'object') classesOf(value, inside, found);
  return found;
}

const classOf = ({ body }, around) => ({
  around,
  fields: new Map(body.filter(isField).map(({ key }) => [key.name, []])),
  methods: new Set(body.filter(isMethod).map(({ key }) => key.name)),
  shortened: new Set(),
});

export function shortPrivates(code) {
  const edits = [];
  for (const { around, fields, methods, shortened } of classesOf(parseAst(code), [], [])) {
    const taken = new Set([...methods, ...around.flatMap((outer) => [...outer.methods, ...outer.shortened])]);
    const free = shortNames.filter((name) => !taken.has(name));
    const byUse = [...fields.values()].sort((one, other) => other.length - one.length);
    for (const [index, places] of byUse.entries()) {
      shortened.add(free[index]);
      for (const { start, end } of places) edits.push({ start, end, text: `#${free[index]}` });
    }
  }
  edits.sort((one, other) => one.start - other.start);
  let [out, from] = ['', 0];
  for (const { start, end, text } of edits) {
    out += code.slice(from, start) + text;
    from = end;
  }
  return out + code.slice(from);
}
