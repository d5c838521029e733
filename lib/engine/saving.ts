import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import type { JsonValue } from '../storage/json-value.js';

/** The `save()`s of one attempt: one after the other, and all of them before the attempt's own outcome is written. */
export class Saving {
  #last: Promise<void> = Promise.resolve();
  #fault?: unknown;

  constructor(
    private readonly write: (context: JsonValue) => Promise<void>,
    private readonly serialize: () => JsonValue,
  ) {}

  /** Rejects when this context cannot be stored, which is the handler's to deal with, and when the saga is not this worker's any more. */
  async save(): Promise<void> {
    const context = this.serialize();
    const written = this.#last.then(() => this.write(context));
    this.#last = written.catch((error: unknown) => {
      if (!(error instanceof StorageRejectedError)) this.#fault ??= error;
    });
    await written;
  }

  /** @throws what made this worker's writing impossible: it decides over whatever the handler made of it. */
  async done(): Promise<void> {
    await this.#last;
    if (this.#fault !== undefined) throw this.#fault;
  }
}
