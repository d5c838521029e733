import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { SagaNotStartedError } from '../errors/saga-not-started-error.js';
import { HarmlessLogger } from '../storage/harmless-logger.js';
import { Pause } from './pause.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { Worker } from './worker.js';

/** Milliseconds between the looks at the transaction: growing from the first to the last. */
const FIRST_LOOK = 20;
const LAST_LOOK = 1_000;
const GROWTH = 1.5;

/** Whoever waits for the commit inside of the transaction waits for ever: after so many ms that is said. */
const SUSPICIOUS = 10_000;

export interface UncommittedSagaParts {
  readonly env: SagaEnvironment;
  readonly worker: Worker;
  /** Whether the transaction in which it was created is still open. */
  readonly isOpen: () => Promise<boolean>;
}

/** A saga that was created in a transaction of the application's, which ends without a word to this process. */
export class UncommittedSaga {
  private readonly logger = new HarmlessLogger('SagaHandle');
  #committed?: Promise<void>;

  constructor(
    private readonly id: string,
    private readonly parts: UncommittedSagaParts,
  ) {}

  /**
   * Resolves when the transaction is committed: from then on the saga is found.
   *
   * @throws {SagaNotStartedError} when it was rolled back.
   * @throws {SagaInterruptedError} when the application closes before.
   */
  committed(): Promise<void> {
    return (this.#committed ??= this.wait());
  }

  private async wait(): Promise<void> {
    const since = performance.now();
    let isSuspicious = false;
    for (let pause = FIRST_LOOK; await this.isOpen(); pause = Math.min(pause * GROWTH, LAST_LOOK)) {
      if (this.parts.worker.isClosing) {
        this.parts.env.outage.gaveUp(this);
        throw new SagaInterruptedError(this.id, 'closing');
      }
      if (!isSuspicious && performance.now() - since > SUSPICIOUS) {
        isSuspicious = true;
        this.logger.warn(
          `Saga '${this.id}' is waited for, and the transaction in which it was started is still open: wait behind its commit, not inside of it.`,
        );
      }
      await new Pause(pause, { keepAlive: false }).over;
    }
  }

  /** Anything that is not certain counts as open: it is looked at again. */
  private async isOpen(): Promise<boolean> {
    const { env, isOpen } = this.parts;
    try {
      if (await isOpen()) return true;
      const loaded = await env.storage.load(this.id);
      env.outage.answered(this);
      if (loaded !== undefined) return false;
    } catch (error) {
      env.outage.met(error, this);
      return true;
    }
    throw new SagaNotStartedError(this.id);
  }
}
