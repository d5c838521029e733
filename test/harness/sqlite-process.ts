import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { bundled } from '../../scripts/typescript/bundled.mjs';
import type { SagaStorage } from 'nest-saga';
import type { StorageCall } from './sqlite-process-child.js';

const SCRIPT = await bundled('test/harness/sqlite-process-child.ts');

/** A storage in a process of its own, over the file that it is given. Results come as JSON: their dates are texts. */
export class SqliteProcess {
  private readonly child = spawn(process.execPath, [SCRIPT, this.file], { stdio: ['pipe', 'pipe', 'inherit'] });
  private readonly answers = createInterface(this.child.stdout)[Symbol.asyncIterator]();

  constructor(private readonly file: string) {}

  /** Resolves when the storage is open. */
  async ready(): Promise<void> {
    await this.answer();
  }

  /** Calls one method several times at once; resolves with the results, in order. */
  async call<Method extends StorageCall['method']>(
    method: Method,
    ...calls: Parameters<SagaStorage[Method]>[0][]
  ): Promise<unknown[]> {
    this.send({ method, calls });
    return (await this.answer()) as unknown[];
  }

  /** Calls, and waits for no answer. */
  send(call: StorageCall): void {
    this.child.stdin.write(`${JSON.stringify(call)}\n`);
  }

  /** The power cut of processes: nothing is flushed, closed or said. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  private async answer(): Promise<unknown> {
    const line = await this.answers.next();
    if (line.done) throw new Error('The process has ended.');
    return JSON.parse(line.value);
  }
}
