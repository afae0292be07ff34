import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import unitTests from './vitest.config.ts';

/** Those of the unit tests that take samples, without them. */
const sampling = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes("/thorough.ts'"));

const { projects: _, ...test } = unitTests.test ?? {};
export default defineConfig({ ...unitTests, test: { ...test, include: sampling, env: { THOROUGH: 'yes' } } });
