import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** A sample that runs in a process of its own, as a user starts it. */
export class SampleProcess {
  output = '';
  readonly exited: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text: Buffer) => (this.output += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.exited = once(child, 'close').then(([code]) => code as number | null);
  }

  /** Starts `sample/<name>/src/main.ts`, from source, by the flags that the package's scripts use. */
  static start(name: string, environment: NodeJS.ProcessEnv = {}): SampleProcess {
    const main = path.join('sample', name, 'src/main.ts');
    const child = spawn(process.execPath, ['--import', './scripts/typescript/register.mjs', main], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new SampleProcess(child);
  }

  /** Waits for this text in the output, and gives what of it the expression captured. */
  printed(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.output);
        if (match !== null) resolve(match[1] ?? match[0]);
      };
      this.child.stdout?.on('data', look);
      look();
      void this.exited.then((code) =>
        reject(new Error(`It ended with ${code} before it printed that:\n${this.output}`)),
      );
    });
  }

  /** Ends it as Ctrl-C does, and gives its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** A SQLite file that nobody else uses. */
export function freshDatabase(): string {
  return path.join(mkdtempSync(path.join(tmpdir(), 'nest-saga-sample-')), 'sagas.db');
}
