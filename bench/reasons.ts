import type { Reasons } from './report/behind.ts';

const program = 'It is a small C program; an empty Node process alone holds about 40 MiB.';
const part = 'ssh2 is a part of what is compared with it here.';

/** Written by hand, once the cause is known; the report lists them where somebody else is first. */
export const reasons: Reasons = {
  'output-memory': program,
  'input-memory': program,
  import: part,
  'import-least': part,
  packages: part,
  'install-size': `${part} Beyond it there are the tables of code pages, the mock server and the builds for bundlers.`,
};
