/** Nothing of the test runner, nothing of the desktop. */
export function wineEnvironment(prefix: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, LANG: 'C.UTF-8', WINEPREFIX: prefix, WINEDEBUG: '-all', DISPLAY: '' };
}
