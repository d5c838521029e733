import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A database file that nobody else uses, on the disk that the system has for temporary files. */
export interface TemporaryFile {
  readonly path: string;
  remove(): Promise<void>;
}

export async function temporaryFile(): Promise<TemporaryFile> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-saga-bench-'));
  return { path: join(folder, 'sagas.db'), remove: () => rm(folder, { recursive: true }) };
}
