import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../e2e/eventually.js';
import { onEachOwnDatabase } from '../harness/own-databases.js';
import type { StorageName } from '../harness/process-storage.js';

/** Ctrl-C reaches the whole process group, and whoever ends a service only the process that was started. */
const SIGNALS = { sqlite: 'SIGTERM', postgres: 'SIGINT', mysql: 'SIGTERM', redis: 'SIGINT' } as const;

onEachOwnDatabase(describeStopping);
describe('on SQLite', () => describeStopping({ name: 'sqlite' }));

function describeStopping({ name }: { readonly name: StorageName }): void {
  describe('a run of chaos', () => {
    const signal = SIGNALS[name];
    it(`that ${signal} stops leaves no process and no file behind`, async () => {
      const parent = mkdtempSync(path.join(tmpdir(), 'nest-saga-stopping-'));
      // Servers run as users of their own.
      chmodSync(parent, 0o1777);
      // A process group of its own, as a shell makes one for each command.
      const chaos = spawn('npm', ['run', 'chaos', '--', '--storage', name, '--seconds', '600'], {
        cwd: path.resolve(import.meta.dirname, '../..'),
        detached: true,
        env: { ...process.env, TMPDIR: parent },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(chaos, 'close');
      const processes = [-chaos.pid!];
      let said: string | undefined;
      for await (const line of createInterface(chaos.stdout)) {
        said = line;
        if (line !== 'Everything is up.') continue;
        processes.push(...serversBelow(parent));
        process.kill(signal === 'SIGINT' ? -chaos.pid! : chaos.pid!, signal);
      }
      const [code] = (await ended) as [number | null];
      expect(said).toContain(`Stopped by ${signal}`);
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      // PostgreSQL says that it has ended just before it ends.
      await eventually(() => expect(processes.filter(isAlive)).toEqual([]));
      expect(readdirSync(parent).filter((file) => file.startsWith('nest-saga-'))).toEqual([]);
      rmSync(parent, { recursive: true });
    }, 60_000);
  });
}

/** Servers that have left the process group, by the files in which they say who they are. */
function serversBelow(folder: string): number[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const named = files.filter((file) => ['pid', 'postmaster.pid'].includes(path.basename(file)));
  return named.map((file) => Number.parseInt(readFileSync(path.join(folder, file), 'utf8')));
}

/** @param target a process, or below zero a process group. */
function isAlive(target: number): boolean {
  try {
    return process.kill(target, 0);
  } catch {
    return false;
  }
}
