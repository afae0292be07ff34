import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const pages = async (folder: string) =>
  (await readdir(join(root, folder)))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documents = ['README.md', 'README.ko.md', ...(await pages('docs')), ...(await pages('docs/ko'))];

/** Each snippet as a file of its own beside the tests, where the package's names lead to its source. */
const snippets = new Map<string, string>();
for (const document of documents) {
  const text = await readFile(join(root, document), 'utf8');
  for (const match of text.matchAll(/^```(ts|js)\n([\s\S]*?)^```$/gm)) {
    const line = text.slice(0, match.index).split('\n').length;
    snippets.set(
      join(root, 'test', `${document.replaceAll(/\W/g, '-')}-${line}.${match[1]}`),
      match[2] ?? '',
    );
  }
}

const options: ts.CompilerOptions = {
  ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, strict: true, noEmit: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true },
  ...{
    allowImportingTsExtensions: true,
    allowJs: true,
    checkJs: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  },
  lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts', 'lib.esnext.disposable.d.ts'],
  paths: {
    '@apache-airflow/ts-sdk': [join(root, 'test/support/airflow-ts-sdk.ts')],
    'ssh-via-gateway': [join(root, 'src/index.ts')],
    'ssh-via-gateway/mock-server': [join(root, 'src/mock-server/index.ts')],
  },
};
/** Something implicitly has type any. */
const isAboutTypes = new Set([7005, 7006, 7031, 7034]);
const host = ts.createCompilerHost(options);
const { fileExists, readFile: read, getSourceFile } = host;
host.fileExists = (file) => snippets.has(file) || fileExists(file);
host.readFile = (file) => snippets.get(file) ?? read(file);
host.getSourceFile = (file, language, ...more) => {
  const text = snippets.get(file);
  // A snippet that imports nothing is a module all the same.
  return text === undefined
    ? getSourceFile(file, language, ...more)
    : ts.createSourceFile(file, `${text}\nexport {};`, language);
};
const program = ts.createProgram([...snippets.keys()], options, host);

describe('A reader who copies one snippet', () => {
  it.each([...snippets.keys()].map((file) => [file.slice(root.length + 6), file] as const))(
    'has a program that compiles: %s',
    (_name, file) => {
      const source = program.getSourceFile(file)!;
      const wrong = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      // JavaScript names no types.
      const told = wrong.filter(({ code }) => file.endsWith('.ts') || !isAboutTypes.has(code));
      expect(told.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    },
  );
});
