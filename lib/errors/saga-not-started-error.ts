import { SagaError } from './saga-error.js';

/** The transaction in which the saga was started was rolled back: it does not exist, and nothing of it has run. */
export class SagaNotStartedError extends SagaError {
  readonly code = 'SAGA_NOT_STARTED';

  constructor(sagaId: string) {
    super(
      `There is no saga '${sagaId}': the transaction in which it was started was rolled back. Nothing of it has run; start it again if it is still wanted.`,
      { sagaId },
    );
  }
}
