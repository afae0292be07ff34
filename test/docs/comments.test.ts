import { resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const entries = ['src/index.ts', 'src/mock-server/index.ts'];
const program = ts.createProgram(
  entries.map((file) => resolve(root, file)),
  {
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, strict: true, noEmit: true },
    ...{ allowImportingTsExtensions: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
    ...{
      types: ['node'],
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      typeRoots: [resolve(root, 'node_modules/@types')],
    },
  },
);
const checker = program.getTypeChecker();

/** What an editor shows of a symbol. */
const said = (symbol: ts.Symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
const isOurs = (node: ts.Node) => node.getSourceFile().fileName.startsWith(`${root}/src/`);

/** A member that explains itself: of everything disposable, of every error of JavaScript, what says the same by its name. */
const known = /^(__@|name$|constructor$|toString$|message$|stack$|cause$)/;

function exported(entry: string): ts.Symbol[] {
  const file = program.getSourceFile(resolve(root, entry))!;
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(file)!)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

/** The members that the declarations of a symbol themselves write down. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    const isMember =
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isGetAccessorDeclaration(node);
    const hidden =
      ts.getCombinedModifierFlags(node as ts.Declaration) &
      (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
    if (isMember && !hidden && !ts.isPrivateIdentifier(node.name)) {
      const member = checker.getSymbolAtLocation(node.name);
      if (member) found.add(member);
    }
    // What is written down within a member, or as one arm of a union, is told of where that stands.
    const leaf = isMember || ts.isBlock(node) || ts.isUnionTypeNode(node) || ts.isParameter(node);
    if (!leaf) ts.forEachChild(node, visit);
  };
  for (const declaration of symbol.declarations ?? []) {
    if (!isOurs(declaration)) continue;
    if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) visit(declaration);
    else if (ts.isTypeAliasDeclaration(declaration)) visit(declaration.type);
  }
  return [...found];
}

function undocumented(entry: string): string[] {
  return exported(entry).flatMap((symbol) => {
    const own = said(symbol) === '' ? [symbol.name] : [];
    const members = membersOf(symbol).filter((member) => !known.test(member.name) && said(member) === '');
    return [...own, ...members.map((member) => `${symbol.name}.${member.name}`)];
  });
}

/** Options that may be left out, and whose comment (or that of their type) does not say what happens then. */
function withoutDefault(entry: string): string[] {
  const saysSo =
    /default|without|absent|undefined|instead|only |given|optional|none|once|called|told|ends |closes|stops|abort|with `|as `|like `|up to|must /i;
  return exported(entry)
    .filter(({ name }) => /Options$|^Timeouts$/.test(name))
    .flatMap((symbol) =>
      membersOf(symbol)
        .filter((member) => member.flags & ts.SymbolFlags.Optional && !saysSo.test(said(member)))
        .map((member) => `${symbol.name}.${member.name}: ${said(member)}`),
    );
}

/** Numbers of options and errors whose comment does not say of what. */
function withoutUnit(entry: string): string[] {
  const unit =
    /milliseconds|\bms\b|bytes?\b|seconds|port|characters|number|exitcode|from 1|tries|status|part of|line|pid|files|connections|this many|code page|rows|cols|MaxSessions|CountMax|mode|RFC|attempt|uid|gid/i;
  return exported(entry).flatMap((symbol) =>
    membersOf(symbol)
      .filter((member) => {
        const type = checker.getNonNullableType(checker.getTypeOfSymbol(member));
        return type.flags & ts.TypeFlags.Number && !unit.test(`${said(member)} ${member.name}`);
      })
      .map((member) => `${symbol.name}.${member.name}: ${said(member)}`),
  );
}

describe('The public names', () => {
  it.each(entries)('of %s all have a comment, and so have their members', (entry) => {
    expect(exported(entry).length).toBeGreaterThan(10);
    expect(undocumented(entry).join('\n')).toBe('');
    expect(withoutDefault(entry).join('\n')).toBe('');
    expect(withoutUnit(entry).join('\n')).toBe('');
  });
});
