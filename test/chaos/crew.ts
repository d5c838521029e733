import { setTimeout } from 'node:timers/promises';
import { bundled } from '../../scripts/typescript/bundled.mjs';
import type { Release } from './definitions.js';
import { WORKERS } from './plan.js';
import { WorkerProcess } from './worker-process.js';
import type { Command, Said, WorkerOrder } from './worker.js';

const SCRIPT = await bundled('test/chaos/worker.ts');

/** How long a worker is away, and by how much its host's clock is wrong when it is back; ms. */
export interface Absence {
  readonly backAfter: number;
  readonly clockShift: number;
}

export interface CrewOptions {
  readonly order: Omit<WorkerOrder, 'release' | 'clockShift'>;
  readonly onSaid: (said: Said) => void;
  /** A worker ended without being killed or asked to. */
  readonly onCrash: (how: string) => void;
  /** Something was done to a worker. */
  readonly onIncident: (name: string) => void;
  /** Nobody is to be started any more. */
  readonly isOver: () => boolean;
}

/** The workers of a run, and what befalls them. */
export class Crew {
  private readonly workers: WorkerProcess[] = [];
  private readonly releases: Release[] = Array<Release>(WORKERS).fill(1);
  /** Workers that something is being done to: nothing else is, until that is over. */
  private readonly taken = new Set<number>();

  constructor(private readonly options: CrewOptions) {}

  async start(): Promise<void> {
    for (let i = 0; i < WORKERS; i++) this.workers.push(this.worker(i, 0));
    await Promise.all(this.workers.map(({ ready }) => ready));
  }

  /** Tells this worker, or the next one that runs. */
  tell(wanted: number, command: Command): void {
    for (let i = 0; i < WORKERS; i++) {
      const worker = this.workers[(wanted + i) % WORKERS];
      if (worker?.isUp) return worker.tell(command);
    }
  }

  /** In the middle of whatever it does. */
  kill(index: number, absence: Absence): Promise<void> {
    return this.leave(index, { name: 'kill', absence, by: (worker) => worker.kill() });
  }

  /** As a deployment does. */
  close(index: number, absence: Absence): Promise<void> {
    return this.leave(index, { name: 'close', absence, by: (worker) => worker.close() });
  }

  /** It stands still for so many milliseconds, and does not know it. */
  stop(index: number, ms: number): Promise<void> {
    return this.withWorker(index, 'stop', async (worker) => {
      worker.stop();
      await setTimeout(ms);
      worker.goOn();
    });
  }

  /** One worker after the other gets the other release, so that both run at the same time for a while. */
  async deploy(): Promise<void> {
    const release: Release = this.releases[0] === 1 ? 2 : 1;
    for (let i = 0; i < WORKERS; i++) {
      this.releases[i] = release;
      await this.close(i, { backAfter: 0, clockShift: 0 });
    }
  }

  /** From now on workers of both releases run, on hosts whose clocks are right. */
  async runBothReleases(): Promise<void> {
    for (const [i, release] of ([1, 1, 2, 2] as const).entries()) {
      this.releases[i] = release;
      await this.workers[i]?.close();
      await this.restart(i, 0);
    }
  }

  /** What callers are still to be told is told by the closing of the workers at the latest. */
  async closeAll(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()));
  }

  private leave(
    index: number,
    how: { readonly name: string; readonly absence: Absence; readonly by: (worker: WorkerProcess) => Promise<void> },
  ): Promise<void> {
    return this.withWorker(index, how.name, async (worker) => {
      await how.by(worker);
      await setTimeout(how.absence.backAfter);
      await this.restart(index, how.absence.clockShift);
    });
  }

  private async withWorker(index: number, name: string, work: (worker: WorkerProcess) => Promise<void>): Promise<void> {
    const worker = this.workers[index];
    if (this.taken.has(index) || worker === undefined || !worker.isUp) return;
    this.taken.add(index);
    this.options.onIncident(name);
    await work(worker);
    this.taken.delete(index);
  }

  /** Until it is up: the database may be away just now. */
  private async restart(index: number, clockShift: number): Promise<void> {
    if (clockShift !== 0) this.options.onIncident(`clock ${clockShift > 0 ? 'ahead' : 'behind'} by an hour`);
    do {
      const worker = this.worker(index, clockShift);
      this.workers[index] = worker;
      if (await worker.ready) return;
    } while (!this.options.isOver());
  }

  private worker(index: number, clockShift: number): WorkerProcess {
    const { order, onSaid, onCrash } = this.options;
    return new WorkerProcess({
      script: SCRIPT,
      order: { ...order, release: this.releases[index] ?? 1, clockShift },
      onSaid,
      onCrash: (how) => onCrash(`worker ${String(index)} ended by itself: ${how}`),
    });
  }
}
