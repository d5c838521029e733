import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const root = new URL('../../', import.meta.url);
const cache = new URL('node_modules/.cache/nest-saga-swc/', root);
const swcrc = await readFile(new URL('.swcrc', root), 'utf8');

/** The package's own names, answered with its sources. */
const self = {
  'nest-saga': new URL('lib/index.ts', root).href,
  'nest-saga/sqlite': new URL('lib/storage/sqlite/index.ts', root).href,
  'nest-saga/postgres': new URL('lib/storage/postgres/index.ts', root).href,
  'nest-saga/mysql': new URL('lib/storage/mysql/index.ts', root).href,
  'nest-saga/redis': new URL('lib/storage/redis/index.ts', root).href,
  'nest-saga/contract': new URL('test/contract/describe-saga-storage.ts', root).href,
};

export async function resolve(specifier, context, nextResolve) {
  if (specifier in self) return { url: self[specifier], shortCircuit: true };
  const fromTypeScript = context.parentURL?.startsWith(root.href) && context.parentURL.endsWith('.ts');
  if (fromTypeScript && /^\.{1,2}\/.*\.js$/.test(specifier)) {
    const source = specifier.replace(/\.js$/, '.ts');
    return nextResolve(source, context).catch(() => nextResolve(specifier, context));
  }
  return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith(root.href) || !url.endsWith('.ts')) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  return { format: 'module', source: await compile(filename, await readFile(filename, 'utf8')), shortCircuit: true };
}

/** Compiled text is kept by content: a child process that a crash test starts should not compile the library again. */
async function compile(filename, source) {
  const key = createHash('sha256').update(swcrc).update(filename).update('\0').update(source).digest('hex');
  const cached = new URL(`${key}.js`, cache);
  try {
    return await readFile(cached, 'utf8');
  } catch {
    const { code } = await transform(source, { filename, root: fileURLToPath(root), swcrc: true });
    await mkdir(cache, { recursive: true });
    const written = new URL(`${key}.${process.pid}`, cache);
    await writeFile(written, code);
    await rename(written, cached);
    return code;
  }
}
