import { HarmlessLogger } from '../storage/harmless-logger.js';

/** Says once that the storage cannot be reached, and once that it is back, however many sagas and retries meet it. */
export class StorageOutage {
  private readonly logger = new HarmlessLogger('SagaStorage');
  #since?: number;

  began(error: unknown): void {
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    this.logger.error('The storage does not answer; sagas wait for it', error);
  }

  ended(): void {
    if (this.#since === undefined) return;
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
    this.#since = undefined;
    this.logger.log(`The storage answers again, after ${seconds} s`);
  }
}
