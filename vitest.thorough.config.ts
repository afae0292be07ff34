import { defineConfig } from 'vitest/config';
import { testFiles } from './test/support/test-files.ts';
import unitTests from './vitest.config.ts';

/** Those of the unit tests that take samples, without them. */
const include = testFiles(/\/thorough\.ts'/);

const { projects: _, ...test } = unitTests.test ?? {};
export default defineConfig({ ...unitTests, test: { ...test, include, env: { THOROUGH: 'yes' } } });
