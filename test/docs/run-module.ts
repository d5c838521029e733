import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DocModule } from './markdown.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = `${ROOT}node_modules/.cache/`;

/** Runs a module of the documentation as a reader would, in a process of its own, and gives back what it printed. */
export async function run({ code }: DocModule): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(`${CACHE}nest-saga-docs-`);
  try {
    await writeFile(`${folder}/example.ts`, code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', `${ROOT}scripts/typescript/register.mjs`, 'example.ts'],
      { cwd: folder, timeout: 20_000 },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
