/**
 * Compiles lib/ and test/ beside each other and gives the compiled path of one file. Node's loader hooks (register.mjs)
 * nearly double the time that a process takes to start; a test that starts hundreds of processes uses this instead.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';

const root = path.resolve(import.meta.dirname, '../..');
const target = path.join(root, 'node_modules/.cache/nest-saga-compiled');

/** The compiled files are a package of the same name, so that they find each other by it. */
const manifest = {
  name: 'nest-saga',
  type: 'module',
  exports: {
    '.': './lib/index.js',
    './sqlite': './lib/storage/sqlite/index.js',
    './postgres': './lib/storage/postgres/index.js',
    './mysql': './lib/storage/mysql/index.js',
    './redis': './lib/storage/redis/index.js',
  },
};

/**
 * @param {string} file below lib/ or test/, relative to the repository
 * @returns {string}
 */
export function compiled(file) {
  write(path.join(target, 'package.json'), JSON.stringify(manifest));
  for (const folder of ['lib', 'test']) {
    for (const name of readdirSync(path.join(root, folder), { recursive: true })) {
      if (typeof name === 'string' && /(?<!\.test|\.d)\.ts$/.test(name)) compile(path.join(folder, name));
    }
  }
  return path.join(target, file.replace(/\.ts$/, '.js'));
}

function compile(file) {
  const source = path.join(root, file);
  const output = path.join(target, file.replace(/\.ts$/, '.js'));
  if (modifiedAt(output) > Math.max(modifiedAt(source), modifiedAt(path.join(root, '.swcrc')))) return;
  const { code } = transformSync(readFileSync(source, 'utf8'), { filename: source, root, swcrc: true });
  write(output, code);
}

/** Other processes may be reading, or writing the same. */
function write(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
