import { afterAll } from '@jest/globals';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modulesOf, readPages } from './markdown.js';

/** Tests that the guides show are run as they stand there. They are written beside this one, so that they find what it finds. */
const folder = fileURLToPath(new URL(`.extracted-${process.pid}/`, import.meta.url));

afterAll(() => rmSync(folder, { recursive: true }));

mkdirSync(folder, { recursive: true });
const documented = readPages()
  .flatMap(modulesOf)
  .filter(({ blocks }) => blocks.some(({ marks }) => marks.includes('tests')));
for (const [i, { page, code }] of documented.entries()) {
  const file = `${folder}${page.replace(/\W+/g, '-')}-${i}.ts`;
  writeFileSync(file, code);
  await import(file);
}
