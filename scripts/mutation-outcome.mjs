/** What a test run says about the code: `passed`, `found`, `found (timed out)`, or `not run`. */
export function outcomeOf(result) {
  if (result === 'late') return { word: 'found (timed out)', why: 'the tests do not end' };
  // The process that runs the tests has ended: a change may cause that, and so may a lack of memory.
  if (result === 'ended') return { word: 'found', why: 'the process of the tests ends' };
  const { failures, notLoaded, unhandled, tests } = result;
  if (failures.length > 0) {
    const [{ file, test, message }] = failures;
    const why = `${file}: ${test ?? 'a hook'}: ${message}`;
    const names = failures.every((each) => each.test) ? failures.map((each) => each.test) : undefined;
    return { word: 'found', why, files: [...new Set(failures.map((each) => each.file))], names };
  }
  // What cannot be loaded has run no tests, and nobody can say which of them would have noticed.
  if (notLoaded.length > 0) return { word: 'not run', why: `${notLoaded[0].file}: ${notLoaded[0].message}` };
  if (tests === 0) return { word: 'not run', why: 'no test ran' };
  if (unhandled.length > 0) return { word: 'found', why: `unhandled: ${unhandled[0]}` };
  return { word: 'passed' };
}

/**
 * What the tests say about a change. `broken` runs them with it, `whole` without it: what fails with the change must
 * pass without it, on the same machine in the same minute. So a busy machine, a flaky test or too short a limit finds
 * nothing.
 */
export async function judge(broken, whole) {
  for (let tries = 0; tries < 3; tries++) {
    const outcome = outcomeOf(await broken());
    const { word, why, files, names } = outcome;
    if (word === 'passed') return { word: 'SURVIVED' };
    if (word === 'not run') return { word, why };
    const control = outcomeOf(await whole({ ...(files && { files }), ...(names && { names }) }));
    if (control.word === 'passed') return { word, why };
  }
  return { word: 'undecided', why: 'the same tests fail without the change' };
}
