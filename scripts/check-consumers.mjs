/**
 * Packs the package as npm would publish it, installs it into a fresh Nest 12 ESM application and a fresh Nest 11
 * CommonJS application (test/consumer), compiles them, types of the library included, and runs a saga in each. The second one
 * is also tested with Jest, as the README says how.
 * Needs a build.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const fixtures = path.join(root, 'test/consumer');
const expected = {
  charged: '42 EUR',
  conflict: true,
  missing: 404,
  ledger: ['reserve true', 'reserve true', 'release r-o-2'],
  postgres: 'function',
  redis: 'function',
  sqlite: 'function',
};

assert(existsSync(path.join(root, 'dist/index.js')), 'There is no build: run `npm run build` first.');
const scratch = await mkdtemp(path.join(tmpdir(), 'nest-saga-consumers-'));
try {
  const [{ filename }] = JSON.parse(
    await npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', scratch),
  );
  const tarball = path.join(scratch, filename);
  const [, commonJs] = await Promise.all(['nest-12-esm', 'nest-11-commonjs'].map((name) => check(name, tarball)));
  await checkJest(commonJs);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function check(name, tarball) {
  const app = path.join(scratch, name);
  await mkdir(app);
  await cp(path.join(fixtures, name), app, { recursive: true });
  await cp(path.join(fixtures, 'src'), path.join(app, 'src'), { recursive: true });
  await npm(app, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', tarball);
  await run(app, process.execPath, path.join(root, 'node_modules/typescript/bin/tsc'), '-p', '.');
  const output = await run(app, process.execPath, 'dist/main.js');
  assert.deepEqual(JSON.parse(output.trim().split('\n').at(-1)), expected, `${name} printed ${output}`);
  console.log(`${name}: installed, compiled, ran a saga and undid another`);
  return app;
}

/** Jest loads the package by the lines that the README shows. Its own compiler stands for ts-jest. */
async function checkJest(app) {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, pattern] = /`('\S+'): 'ts-jest'`/.exec(readme) ?? [];
  const [, lines] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
  assert(
    pattern !== undefined && lines !== undefined,
    'README.md does not say how Jest in CommonJS loads the package.',
  );
  const compiler = JSON.stringify([
    fileURLToPath(import.meta.resolve('@swc/jest')),
    {
      jsc: { parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true } },
      module: { type: 'commonjs' },
    },
  ]);
  await writeFile(
    path.join(app, 'jest.config.js'),
    `module.exports = {\n  transform: { ${pattern}: ${compiler} },\n${lines}};\n`,
  );
  await run(app, process.execPath, path.join(root, 'node_modules/jest/bin/jest.js'), '--no-cache');
  console.log('nest-11-commonjs: tested with Jest, by the configuration of the README');
}

function npm(cwd, ...args) {
  return run(cwd, process.platform === 'win32' ? 'npm.cmd' : 'npm', ...args);
}

/** Runs a program to its end and gives what it printed; what it printed stands in the error, too. */
async function run(cwd, program, ...args) {
  try {
    return (await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    throw new Error(`${path.basename(program)} ${args.join(' ')} failed in ${cwd}:\n${error.stdout}${error.stderr}`);
  }
}
