import { SagaClosedError } from '../errors/saga-closed-error.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { answerWithin } from '../storage/answer-within.js';
import { HarmlessLogger } from '../storage/harmless-logger.js';
import { Pause, within } from './pause.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { SagaExecution } from './saga-execution.js';
import { WorkerLease } from './worker-lease.js';

/** A lease is renewed so often within its duration. */
const BEATS_PER_LEASE = 3;

/**
 * One running SagaModule: it holds a lease, renews it, and knows the sagas that it runs. When it loses the lease it stops them
 * all, since others may have claimed them, and goes on under a new one.
 */
export class Worker {
  private readonly logger = new HarmlessLogger('SagaWorker');
  private readonly executions = new Map<string, SagaExecution>();
  /** Leases that this worker lost, whose sagas others need not wait for: nothing runs under them any more. */
  private readonly abandoned = new Set<string>();
  #lease: WorkerLease;
  #closing = false;
  #closed = false;
  #pause?: Pause;
  #beating: Promise<void> = Promise.resolve();

  /** `onLeft` is called with each saga that has left. */
  constructor(
    private readonly env: SagaEnvironment,
    private readonly onLeft: (execution: SagaExecution) => void,
  ) {
    this.#lease = this.newLease();
  }

  get lease(): WorkerLease {
    return this.#lease;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** How many more sagas may run here. */
  get room(): number {
    return Math.max(0, this.env.options.concurrency - this.executions.size);
  }

  executionOf(id: string): SagaExecution | undefined {
    return this.executions.get(id);
  }

  /** Registers the worker and starts renewing its lease. */
  async open(): Promise<void> {
    await this.#lease.beat();
    this.#beating = this.beat();
  }

  /** @throws {SagaClosedError} while the application is closing. */
  assertOpen(): void {
    if (this.#closing) throw new SagaClosedError();
  }

  /** Lets a saga run in the background, for as long as it takes. */
  run(execution: SagaExecution): void {
    const { id } = execution.saga;
    this.executions.set(id, execution);
    if (this.#closing) execution.close();
    void execution.run(this.forget);
  }

  private readonly forget = (execution: SagaExecution): void => {
    const { id } = execution.saga;
    if (this.executions.get(id) === execution) this.executions.delete(id);
    this.onLeft(execution);
  };

  /**
   * What is in flight gets `gracePeriod` ms to end; then the lease is given up, so that others take over at once. A storage that
   * does not answer gets as long again; without its answer the others wait until the lease has expired.
   */
  async close(): Promise<void> {
    const { gracePeriod } = this.env.options.shutdown;
    this.#closing = true;
    const running = [...this.executions.values()];
    for (const execution of running) execution.close();
    await within(gracePeriod, Promise.all(running.map(({ ended }) => ended)));
    for (const execution of this.executions.values()) {
      execution.interrupt(new SagaInterruptedError(execution.saga.id, 'closing'));
    }
    this.#closed = true;
    this.#pause?.wake();
    await within(gracePeriod, this.letGo());
    this.#lease.lose('closing');
  }

  /** Nothing may run under a lease that is given up, and no beat may renew it. */
  private async letGo(): Promise<void> {
    await this.#beating;
    this.#lease.lose('closing');
    await this.giveUp(this.#lease.id);
  }

  private newLease(): WorkerLease {
    return new WorkerLease(this.env.storage, this.env.options.lease.duration);
  }

  /** Milliseconds. */
  private get beatInterval(): number {
    return this.env.options.lease.duration / BEATS_PER_LEASE;
  }

  /** Until the worker is closed, so that what ends within the grace period can still be written. */
  private async beat(): Promise<void> {
    for (let delay = this.beatInterval; ;) {
      this.#pause = new Pause(delay, { keepAlive: false });
      await this.#pause.over;
      if (this.#closed) return;
      delay = (await this.beatOnce()) ? this.beatInterval : this.beatInterval / BEATS_PER_LEASE;
    }
  }

  /** Whether the storage answered. */
  private async beatOnce(): Promise<boolean> {
    try {
      const requested = await this.#lease.beat();
      if (requested === undefined) await this.replaceLease();
      for (const id of requested ?? []) this.executions.get(id)?.heed();
      this.env.outage.answered(this);
      for (const id of this.abandoned) await answerWithin(this.beatInterval, this.giveUp(id), () => undefined);
      return true;
    } catch (error) {
      this.env.outage.met(error, this);
      if (!this.#lease.isTrusted()) this.stopAll();
      return false;
    }
  }

  /** Stops what ran under the lost lease, before anything starts under the new one. */
  private async replaceLease(): Promise<void> {
    this.stopAll();
    const lease = this.newLease();
    await lease.beat();
    this.abandoned.add(this.#lease.id);
    this.#lease = lease;
    this.logger.warn('The lease was lost; its sagas are taken over, and this worker goes on under a new one');
  }

  private stopAll(): void {
    for (const [id, execution] of this.executions) {
      execution.interrupt(new SagaInterruptedError(id, 'lease-lost'));
      this.executions.delete(id);
    }
  }

  /** Until this is done others wait for the lease to expire, which it does anyway. */
  private async giveUp(lease: string): Promise<void> {
    try {
      await this.env.storage.release(lease);
      this.abandoned.delete(lease);
    } catch (error) {
      this.env.outage.met(error);
    }
  }
}
