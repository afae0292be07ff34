import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Node {
  isError: boolean;
  isMissing: boolean;
  hasError: boolean;
  children: Node[];
  startPosition: { row: number; column: number };
  text: string;
}

const require = createRequire(import.meta.url);

/**
 * Where tree-sitter's grammar of PowerShell finds a mistake in a script. It is not PowerShell's own parser: it knows
 * the language's forms, not its commands.
 */
export async function syntaxErrors(script: string): Promise<string[]> {
  const path = require.resolve('@vscode/tree-sitter-wasm');
  const folder = path.endsWith('.js') ? dirname(path) : path;
  const { Parser, Language } = require(path);
  await Parser.init({ locateFile: () => join(folder, 'tree-sitter.wasm') });
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(folder, 'tree-sitter-powershell.wasm')));
  return [...mistakes(parser.parse(script).rootNode)];
}

function* mistakes(node: Node): Generator<string> {
  if (node.isError || node.isMissing) yield `line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`;
  else if (node.hasError) for (const child of node.children) yield* mistakes(child);
}
