import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DocModule } from './markdown.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a module of the documentation as a reader would, in a process of its own, and gives back what it printed. */
export async function run({ code }: DocModule): Promise<string> {
  // Within the repository, so that it finds the packages and is compiled as its sources are.
  const folder = await mkdtemp(`${ROOT}test/docs/.extracted-`);
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
