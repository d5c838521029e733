/**
 * Adds the storage contract suite to the build, as `nest-saga/contract`. Its sources are tests (test/contract) that
 * reach into lib/ by relative paths; in the package they stand in dist/contract, beside the built files of lib/.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'dist/contract');
const emitted = await mkdtemp(path.join(root, 'dist/.contract-'));

try {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.contract.json', '--outDir', emitted], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status === 0) await publish();
  else process.exitCode = status ?? 1;
} finally {
  await rm(emitted, { recursive: true, force: true });
}

async function publish() {
  await rm(target, { recursive: true, force: true });
  await cp(path.join(emitted, 'test/contract'), target, { recursive: true });
  for (const name of await readdir(target, { recursive: true })) {
    if (/\.(js|d\.ts)$/.test(name)) await pointToDist(path.join(target, name));
  }
}

async function pointToDist(file) {
  const text = await readFile(file, 'utf8');
  const moved = text.replaceAll(/(['"])((?:\.\.\/)+)lib\//g, (_match, quote, up) => quote + up.slice('../'.length));
  const strays = moved.match(/['"](?:\.\.\/)+(?:test|harness|sample)\/[^'"]*/g);
  if (strays)
    throw new Error(`${file} imports ${strays.join(', ')}: the contract may use lib/ and its own folder only.`);
  await writeFile(file, moved);
}
