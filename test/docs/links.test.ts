import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPages, type Page } from './markdown.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const pages = readPages();

describe('links', () => {
  test.each(pages.map((page) => [page.path, page] as const))('of %s lead to a file and a heading', (_path, page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  test('lead from the README to every guide', () => {
    const readme = pages.find(({ path }) => path === 'README.md');
    const linked = readme === undefined ? [] : linksOf(readme).map((link) => link.split('#')[0]);
    const guides = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
    expect(guides.filter((path) => !linked.includes(path))).toEqual([]);
  });
});

/** Relative ones. What is in code is none. */
function linksOf({ text }: Page): readonly string[] {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, '`code`');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^[a-z]+:/.test(target),
  );
}

function leadsSomewhere(page: Page, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? page.path : posix.normalize(posix.join(dirname(page.path), file));
  if (!existsSync(ROOT + path)) return false;
  if (anchor === undefined) return true;
  return statSync(ROOT + path).isFile() && anchorsOf(readFileSync(ROOT + path, 'utf8')).includes(anchor);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return Array.from(withoutCode(text).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/\]\([^)]*\)/g, '')
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}
