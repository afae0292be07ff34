// Finds the small changes that scripts/mutate.mjs makes to the code, in its syntax tree.
import ts from 'typescript';

const { SyntaxKind: kind } = ts;

/** Operators, and what each becomes. */
const swapped = new Map([
  ...[
    [kind.AmpersandAmpersandToken, '||'],
    [kind.BarBarToken, '&&'],
  ],
  ...[
    [kind.LessThanToken, '<='],
    [kind.LessThanEqualsToken, '<'],
  ],
  ...[
    [kind.GreaterThanToken, '>='],
    [kind.GreaterThanEqualsToken, '>'],
  ],
  ...[
    [kind.EqualsEqualsEqualsToken, '!=='],
    [kind.ExclamationEqualsEqualsToken, '==='],
  ],
  ...[
    [kind.PlusToken, '-'],
    [kind.MinusToken, '+'],
  ],
]);

/** One more or less matters where things are counted; a limit of 30,000 ms may just as well be 30,001. */
const countable = 64;

/** Debug output is not part of what the code does. A record for the user's `log` is. */
const words = /^(?:debug|console\.\w+)\(/;

/** Nor is the question whether debug output is wanted. */
const tellsOnly = (condition) => /^debug\.enabled$/.test(condition);

/** A measured time never falls exactly on a limit, so it makes no difference on which side that would count. */
const moment = /(?:\bnow\(\)|\w(?:Ms|At|After)\b|\b(?:elapsed|age\w*|startedAt)\b|\.ms\b)/;

/** Outside a `try`, returning a promise is the same as awaiting it and returning its value. */
function isReturned(node) {
  let at = node;
  while (ts.isConditionalExpression(at.parent) && at.parent.condition !== at) at = at.parent;
  if (!ts.isReturnStatement(at.parent)) return false;
  for (; !ts.isFunctionLike(at); at = at.parent) {
    const { parent } = at;
    if (ts.isTryStatement(parent) && (at === parent.tryBlock || parent.finallyBlock)) return false;
  }
  return true;
}

/** One step in a series of waits (`[5, 10, 20, 40]`) may just as well be a little longer. */
const isStep = ({ parent }) =>
  ts.isArrayLiteralExpression(parent) &&
  parent.elements.length > 3 &&
  parent.elements.every(
    (each, at, all) =>
      ts.isNumericLiteral(each) && (at === 0 || Number(each.text) > Number(all[at - 1].text)),
  );

/** A call of a method of this class or another, including private ones, awaited or not. */
function isCall(expression) {
  if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression))
    return isCall(expression.expression);
  return ts.isCallExpression(expression) && expression.expression.kind !== kind.SuperKeyword;
}

/** `64 << 10` and `4 * 1024` are large numbers, too. */
function isOfLarge(node) {
  let at = node;
  while (ts.isBinaryExpression(at.parent) && isProduct(at.parent)) at = at.parent;
  return at !== node && constantOf(at) > countable;
}

const isProduct = ({ operatorToken: { kind: operator } }) =>
  operator === kind.AsteriskToken || operator === kind.LessThanLessThanToken;

function constantOf(node) {
  if (!ts.isBinaryExpression(node)) return ts.isNumericLiteral(node) ? Number(node.text) : Number.NaN;
  const [left, right] = [constantOf(node.left), constantOf(node.right)];
  return node.operatorToken.kind === kind.AsteriskToken ? left * right : left * 2 ** right;
}

/** For each kind of syntax: the name of the change, the part that is replaced, and the new text. */
const mutators = {
  negatesCondition(node, text) {
    const condition = ts.isIfStatement(node) || ts.isWhileStatement(node) ? node.expression : node.condition;
    const mayNegate = ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isConditionalExpression(node);
    return mayNegate && !tellsOnly(text(condition)) && ['negates', condition, `!(${text(condition)})`];
  },
  swapsOperator(node, text) {
    if (!ts.isBinaryExpression(node)) return undefined;
    const other = swapped.get(node.operatorToken.kind);
    const isText = [node.left, node.right].some((side) => /^['"`]/.test(text(side)));
    const isBoundary =
      /^[<>]=?$/.test(text(node.operatorToken)) &&
      (moment.test(text(node.left)) || moment.test(text(node.right)));
    return (
      other &&
      !isText &&
      !isBoundary && [`${text(node.operatorToken)} to ${other}`, node.operatorToken, other]
    );
  },
  removesCall(node, text) {
    if (!ts.isExpressionStatement(node) || words.test(text(node))) return undefined;
    const { expression } = node;
    return (isCall(expression) || ts.isDeleteExpression(expression)) && ['removes', node, ';'];
  },
  /** Most clean-up is passed as a callback: `onAbort(signal, () => timer.close())`. */
  emptiesCallback(node, text) {
    if (!ts.isArrowFunction(node) || !isCall(node.body) || words.test(text(node.body))) return undefined;
    return ['empties', node.body, 'undefined'];
  },
  swapsBoolean(node) {
    if (node.kind === kind.TrueKeyword) return ['true to false', node, 'false'];
    return node.kind === kind.FalseKeyword && ['false to true', node, 'true'];
  },
  removesAwait(node, text) {
    return (
      ts.isAwaitExpression(node) &&
      !isReturned(node) && ['does not wait for', node, `(${text(node.expression)})`]
    );
  },
  returnsEarly(node) {
    if (!ts.isBlock(node) || node.statements.length < 2) return undefined;
    const { parent } = node;
    const isFunction = ts.isFunctionDeclaration(parent) || ts.isMethodDeclaration(parent);
    return isFunction && ['returns early', { first: node.statements[0] }, 'return; '];
  },
  changesNumber(node, text) {
    if (!ts.isNumericLiteral(node) || Number(node.text) > countable || isStep(node)) return undefined;
    if (isOfLarge(node)) return undefined;
    if (node.parent.name === node) return undefined;
    return [`${text(node)} and one`, node, `(${text(node)} + 1)`];
  },
};

/** The place that shows whether the code around a change runs at all. */
function probeOf(node, file) {
  if (node.first) return { at: node.first.getStart(file) };
  const whole = ts.isBinaryExpression(node.parent) && node.parent.operatorToken === node ? node.parent : node;
  return { at: whole.getStart(file), end: whole.getEnd(), isStatement: ts.isExpressionStatement(whole) };
}

export function mutantsOf(source) {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const text = (node) => node.getText(file);
  const found = [];
  const add = (what, node, replacement) => {
    const start = (node.first ?? node).getStart(file);
    const end = node.first ? start : node.getEnd();
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    found.push({ what, start, end, text: replacement, line, probe: probeOf(node, file) });
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isExpressionStatement(node) && words.test(text(node))) return;
    for (const mutate of Object.values(mutators)) {
      const change = mutate(node, text);
      if (change) add(...change);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

export function mutated(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

/** The line in which a change begins, as people would look for it. */
export const lineOf = (source, { line }) => source.split('\n')[line - 1].trim();

/** The source with calls that pass `globalThis.reached` the number of each change whose place is reached. */
export function probed(source, numbered) {
  const inserted = numbered.flatMap(({ number, mutant: { probe } }) => {
    const call = `globalThis.reached?.(${number})`;
    if (probe.end === undefined) return [{ at: probe.at, rank: -Infinity, text: `${call}; ` }];
    const [open, close] = probe.isStatement ? [`{ ${call}; `, ' }'] : [`(${call}, `, ')'];
    // An outer probe opens before an inner one and closes after it; at the same place, closing comes before opening.
    return [
      { at: probe.at, rank: -probe.end, text: open },
      { at: probe.end, rank: -1e9 - probe.at, text: close },
    ];
  });
  inserted.sort((a, b) => a.at - b.at || a.rank - b.rank);
  let text = '';
  let done = 0;
  for (const each of inserted) {
    text += source.slice(done, each.at) + each.text;
    done = each.at;
  }
  return text + source.slice(done);
}

/** Whether it is valid TypeScript: no test can find what no compiler accepts. */
export const isReadable = (source) =>
  ts.transpileModule(source, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.Latest } })
    .diagnostics.length === 0;

export function sample(items, count, seed) {
  let state = seed >>> 0;
  // mulberry32: small, and the same on every machine.
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const order = items.map((item) => ({ item, at: random() })).sort((a, b) => a.at - b.at);
  return order.slice(0, count).map(({ item }) => item);
}
