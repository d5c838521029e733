import { isObservable, tap } from 'rxjs';
import type { ActOutcome, TransactionalExecution } from '../definition/step-handler.js';
import { ExecutionEndedError } from '../errors/execution-ended-error.js';
import { OutcomeUnknownError } from '../errors/outcome-unknown-error.js';
import { SaveInTransactionError } from '../errors/save-in-transaction-error.js';
import { TransactionEndedError } from '../errors/transaction-ended-error.js';
import type { Phase } from '../storage/log-entry.js';
import { mortalHandle } from './mortal-handle.js';

export interface StepAttemptOptions {
  readonly sagaId: string;
  readonly sagaName: string;
  readonly stepName: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly outcome?: ActOutcome | undefined;
  /** Makes the context as it is now durable. */
  readonly save: () => Promise<void>;
  /** What the handler of a transactional step writes with. */
  readonly transaction?: unknown;
}

/**
 * One attempt of a step's phase: what its handler gets as `execution`, and what the engine knows of it. It watches the
 * handler itself, inside the enhancers: an interceptor may time out, retry or throw on its own, and only the handler tells
 * whether something may have happened.
 */
export class StepAttempt implements TransactionalExecution {
  readonly sagaId: string;
  readonly sagaName: string;
  readonly stepName: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly outcome: ActOutcome | undefined;

  readonly transaction: unknown;
  readonly #save: () => Promise<void>;
  readonly #isTransactional: boolean;
  #controller?: AbortController;
  #abortReason?: Error;
  #ended = false;
  #entries = 0;
  /** Entries whose promise is still open. */
  #unsettled = 0;
  #throws = 0;
  #saidUnknown = false;

  constructor({ sagaId, sagaName, stepName, phase, attempt, outcome, save, transaction }: StepAttemptOptions) {
    this.sagaId = sagaId;
    this.sagaName = sagaName;
    this.stepName = stepName;
    this.phase = phase;
    this.attempt = attempt;
    this.outcome = outcome;
    this.#save = save;
    this.#isTransactional = transaction !== undefined;
    this.transaction = transaction && mortalHandle(transaction, (ending) => this.#transactionRefusal(ending));
  }

  get idempotencyKey(): string {
    return this.#keyOf(this.phase);
  }

  get actKey(): string {
    return this.#keyOf('act');
  }

  /** Made when it is first asked for: an unused signal would be a third of a waiting saga's memory. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  save(): Promise<void> {
    if (this.#ended) return Promise.reject(this.#endedError());
    if (this.#isTransactional) return Promise.reject(new SaveInTransactionError(this.sagaId, this.stepName));
    return this.#save();
  }

  /** Tells the handler to stop. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  /**
   * The attempt's outcome is decided; whatever its handler does from now on changes nothing. One that an interceptor has left
   * behind is told to stop.
   */
  end(): void {
    this.#ended = true;
    if (this.#unsettled > 0) this.abort(this.#endedError());
  }

  /**
   * Calls the handler, and notes how it ends. Interceptors that retry call it several times, but not once the attempt was
   * given up: a guard that takes too long, or a retry after the timeout, would act while the saga is being undone.
   */
  enter(handler: () => unknown): unknown {
    if (this.#abortReason !== undefined) throw this.#abortReason;
    if (this.#ended) throw this.#endedError();
    this.#entries++;
    try {
      const returned = handler();
      if (isObservable(returned)) return returned.pipe(tap({ error: (error) => this.#threw(error) }));
      return isThenable(returned) ? this.#settling(returned) : returned;
    } catch (error) {
      this.#threw(error);
      throw error;
    }
  }

  /**
   * What it means that the chain around the handler threw `error`: it did not happen only if the handler was never
   * entered, or threw each time, and never said that it does not know.
   */
  outcomeOf(error: unknown): 'failed' | 'unknown' {
    if (this.#saidUnknown || error instanceof OutcomeUnknownError) return 'unknown';
    // It is rolled back, whatever the handler has done or still does.
    if (this.#isTransactional) return 'failed';
    return this.#throws === this.#entries ? 'failed' : 'unknown';
  }

  /** Not `async`: a function that waits holds half a kilobyte, and this one waits as long as the handler does. */
  #settling(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    this.#unsettled++;
    return promise.then(
      (value) => {
        this.#unsettled--;
        return value;
      },
      (error: unknown) => {
        this.#unsettled--;
        this.#threw(error);
        throw error;
      },
    );
  }

  #keyOf(phase: Phase): string {
    return `${this.sagaId}:${this.stepName}:${phase}`;
  }

  #endedError(): ExecutionEndedError {
    return new ExecutionEndedError({ sagaId: this.sagaId, step: this.stepName, attempt: this.attempt });
  }

  #transactionRefusal(ending: string | undefined): Error | undefined {
    if (!this.#ended && ending === undefined) return undefined;
    return new TransactionEndedError(this.sagaId, this.stepName, this.#ended ? undefined : ending);
  }

  #threw(error: unknown): void {
    this.#throws++;
    if (error instanceof OutcomeUnknownError) this.#saidUnknown = true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
