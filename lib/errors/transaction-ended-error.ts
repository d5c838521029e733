import { SagaError } from './saga-error.js';

/** The transaction of a transactional step was used after its attempt had ended, or was to be ended by it. Nothing was written. */
export class TransactionEndedError extends SagaError {
  readonly code = 'SAGA_TRANSACTION_ENDED';

  constructor(sagaId: string, step: string, verb?: string) {
    super(
      verb === undefined
        ? `The transaction of step ${step} of saga '${sagaId}' has ended with the attempt, so nothing can be done with it any more. ` +
            'Await all that is written before the handler returns, and stop when execution.signal aborts.'
        : `Step ${step} of saga '${sagaId}' must not ${verb} its transaction: it is committed when the handler returns, and rolled back when it throws.`,
      { sagaId, step },
    );
  }
}
