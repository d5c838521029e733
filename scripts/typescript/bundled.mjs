/**
 * Bundles a TypeScript file with everything that it imports into one file. Of the time that a process of Nest takes to start,
 * three quarters go into finding and reading a thousand files; a test that starts many processes starts a bundle instead.
 */
import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from '@swc/core';
import { build, stop } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const target = path.join(root, 'node_modules/.cache/nest-saga-bundled');

/** Native code, and what Nest and we load only where it is used. */
const external = [
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
  'file-type',
  'libsql',
];

/** esbuild writes no metadata of decorators, which Nest needs: so swc compiles, as everywhere else. */
const swc = {
  name: 'swc',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: filename }) => {
      const { code } = await transform(await readFile(filename, 'utf8'), { filename, root, swcrc: true });
      return { contents: code, loader: 'js' };
    });
  },
};

/**
 * @param {string} file relative to the repository
 * @returns {Promise<string>} the path of the bundle
 */
export async function bundled(file) {
  const output = path.join(target, file.replace(/\.ts$/, '.mjs'));
  if (modifiedAt(output) < lastChange()) await bundle(file, output);
  return output;
}

let underWay = 0;

/**
 * Other processes may be reading, or writing the same: a chunk is named for what is in it, and the file that names the chunks comes last. (What is
 * imported when it is needed, as the drivers are, is a chunk; and half of the text is space. Reading and compiling that was a third of a start.)
 */
async function bundle(file, output) {
  underWay++;
  try {
    const { outputFiles } = await build({
      entryPoints: [path.join(root, file)],
      outdir: path.dirname(output),
      outExtension: { '.js': '.mjs' },
      write: false,
      bundle: true,
      splitting: true,
      minifyWhitespace: true,
      minifySyntax: true,
      // An error that nobody catches is told with its line: one of a megabyte fills the pipe, and the rest of what is told is lost.
      lineLimit: 160,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // What is CommonJS in it asks for modules of Node's by require().
      banner: { js: "import { createRequire as from } from 'node:module'; const require = from(import.meta.url);" },
      external,
      plugins: [swc],
      logLevel: 'warning',
    });
    const isEntry = ({ path: place }) => place === output;
    await Promise.all(outputFiles.filter((file) => !isEntry(file)).map(put));
    await put(outputFiles.find(isEntry));
  } finally {
    // Else the process of esbuild stays as long as this one, once for each test file.
    if (--underWay === 0) await stop();
  }
}

/** Whole or not at all. */
async function put({ path: place, contents }) {
  const draft = `${place}.${process.pid}`;
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(draft, contents);
  await rename(draft, place);
}

function lastChange() {
  const settings = ['.swcrc', 'package-lock.json', 'scripts/typescript/bundled.mjs'];
  const sources = ['lib', 'test'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true }).map((name) => path.join(folder, name)),
  );
  return Math.max(...[...settings, ...sources].map((file) => modifiedAt(path.join(root, file))));
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
