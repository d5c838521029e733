import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/** A file system of a few megabytes, which can be really full. Making one takes Linux, and root. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'nest-saga-small-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      rmdirSync(folder);
      throw error;
    }
    // Servers run as users of their own.
    chmodSync(folder, 0o755);
    return new SmallDisk(folder);
  }

  /** Why there can be none here; `undefined` when there can. */
  static problem(): string | undefined {
    try {
      SmallDisk.mount(1).unmount();
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  /** Somebody else takes all the room that is left. */
  fill(): void {
    for (let size = 1_048_576; size >= 4_096; size /= 16) {
      while (this.append(size));
    }
  }

  /** Gives the room back. */
  clear(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    // Whoever still has a file open keeps the disk alive, and nobody else sees it any more.
    execFileSync('umount', ['--lazy', this.folder]);
    rmdirSync(this.folder);
  }

  private append(bytes: number): boolean {
    try {
      writeFileSync(this.ballast, Buffer.alloc(bytes), { flag: 'a' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
      throw error;
    }
  }

  private get ballast(): string {
    return join(this.folder, 'ballast');
  }
}

/**
 * Declares the tests if a small disk can be mounted. Where it cannot, says so loudly; root may mount one, so where `CI` is set it fails for
 * root.
 */
export function whereThereAreSmallDisks(name: string, declare: () => void): void {
  const problem = SmallDisk.problem();
  if (problem === undefined) return declare();
  test(`${name} is NOT TESTED here: a small disk can only be mounted by root, on Linux. ${problem}`, () => {
    const isRoot = process.getuid?.() === 0;
    expect(isRoot ? (process.env['CI'] ?? '') : '').toBe('');
  });
}
