import { HarmlessLogger } from '../storage/harmless-logger.js';

/**
 * Says once that the storage fails, and once that it is back, however many sagas and retries meet it. It is back when somebody gets an
 * answer and nobody waits for one any more: a full disk still answers reads and takes small writes.
 */
export class StorageOutage {
  private readonly logger = new HarmlessLogger('SagaStorage');
  private readonly waiting = new Set<unknown>();
  #since?: number;

  /** A call has failed. Whoever tries again is a `waiter`, until {@link answered} or {@link gaveUp} is told of the same. */
  met(error: unknown, waiter?: unknown): void {
    if (waiter !== undefined) this.waiting.add(waiter);
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    this.logger.error('The storage does not answer; sagas wait for it', error);
  }

  answered(waiter: unknown): void {
    this.waiting.delete(waiter);
    if (this.#since === undefined || this.waiting.size > 0) return;
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
    this.#since = undefined;
    this.logger.log(`The storage answers again, after ${seconds} s`);
  }

  /** Says nothing: the storage may be away as before. */
  gaveUp(waiter: unknown): void {
    this.waiting.delete(waiter);
  }
}
