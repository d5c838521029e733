import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Command, Said, WorkerOrder } from './worker.js';

export interface WorkerHearing {
  readonly order: WorkerOrder;
  readonly script: string;
  readonly onSaid: (said: Said) => void;
  /** It ended without being killed or asked to. */
  readonly onCrash: (how: string) => void;
}

/** One worker of a run, in a process of its own. */
export class WorkerProcess {
  readonly ready: Promise<boolean>;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  #isUp = false;
  #isAsked = false;
  #isStopped = false;

  constructor({ order, script, onSaid, onCrash }: WorkerHearing) {
    this.child = spawn(process.execPath, [script, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    this.child.stderr!.on('data', (data: Buffer) => (errors += data.toString()));
    this.child.stdin!.on('error', () => undefined);
    this.ready = new Promise((resolve) => {
      createInterface(this.child.stdout!).on('line', (line) => {
        const said = saidIn(line);
        if (said === undefined) return;
        if (said.type === 'ready') {
          this.#isUp = true;
          resolve(true);
        } else onSaid(said);
      });
      this.child.on('close', () => resolve(false));
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        const wasUp = this.#isUp;
        this.#isUp = false;
        // A database that is away when an application starts ends it; whoever runs it starts it again.
        const isExpected = this.#isAsked || (!wasUp && errors.includes('SAGA_STORAGE_UNAVAILABLE'));
        if (!isExpected) onCrash(`code ${String(code)}, signal ${String(signal)}: ${errors}`);
        resolve();
      });
    });
  }

  /** It runs, and hears what it is told. */
  get isUp(): boolean {
    return this.#isUp && !this.#isStopped;
  }

  tell(command: Command): void {
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
  }

  /** At once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#isAsked = true;
    this.#isUp = false;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** As a deployment does. */
  async close(): Promise<void> {
    this.#isAsked = true;
    this.#isUp = false;
    this.child.kill('SIGTERM');
    await this.ended;
  }

  stop(): void {
    this.#isStopped = true;
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.#isStopped = false;
    this.child.kill('SIGCONT');
  }
}

/** The last line of a process that is killed may be cut off. */
function saidIn(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return undefined;
  }
}
