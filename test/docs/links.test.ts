import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

async function markdownFiles(): Promise<string[]> {
  const inDocs = await readdir(join(root, 'docs'), { recursive: true });
  const others = [
    'README.md',
    'README.ko.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'examples/airflow/README.md',
    'examples/airflow-1.0/README.md',
  ];
  const found = [
    ...others.map((name) => join(root, name)),
    ...inDocs.map((name) => join(root, 'docs', name)),
  ];
  const texts = await Promise.all(found.map((path) => readFile(path).then(Boolean, () => false)));
  return found.filter((path, index) => path.endsWith('.md') && texts[index]);
}

/** What is neither in a code block nor between backticks. */
function prose(markdown: string): string {
  return markdown
    .replace(/^(```+)[\s\S]*?^\1[ \t]*$/gm, '')
    .replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, (code) =>
      // Within a link's text the code must not take the link's brackets with it.
      code.replace(/[[\]()]/g, ' '),
    );
}

function targetsOf(markdown: string): string[] {
  return [...prose(markdown).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map((match) => match[1] ?? '');
}

/** The anchors that GitHub makes of headings, and those written by hand. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set([...markdown.matchAll(/<a (?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? ''));
  const seen = new Map<string, number>();
  for (const [, heading = ''] of markdown
    .replace(/^(```+)[\s\S]*?^\1[ \t]*$/gm, '')
    .matchAll(/^#{1,6} +(.*)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

async function problemsOf(file: string): Promise<string[]> {
  const problems: string[] = [];
  for (const target of targetsOf(await readFile(file, 'utf8'))) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const goal = path === '' ? file : resolve(dirname(file), decodeURIComponent(path));
    const text = await readFile(goal, 'utf8').catch((error: NodeJS.ErrnoException) =>
      error.code === 'EISDIR' ? '' : undefined,
    );
    if (text === undefined) problems.push(`${target}: there is no such file`);
    else if (anchor && !anchorsOf(text).has(decodeURIComponent(anchor)))
      problems.push(`${target}: there is no such heading`);
  }
  return problems;
}

const files = await markdownFiles();

it('There are documents to check', () => {
  expect(files.map((file) => relative(root, file))).toEqual(expect.arrayContaining(['README.md']));
  expect(files.length).toBeGreaterThan(8);
});

it.each(files.map((file) => [relative(root, file), file]))(
  'Every link of %s leads somewhere',
  async (_name, file) => {
    expect(await problemsOf(file)).toEqual([]);
  },
);
