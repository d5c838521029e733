import { SagaError } from './saga-error.js';

/** `execution.save()` was called by a transactional step: nothing of it is durable before all of it is. Nothing was saved. */
export class SaveInTransactionError extends SagaError {
  readonly code = 'SAGA_SAVE_IN_TRANSACTION';

  constructor(sagaId: string, step: string) {
    super(
      `Step ${step} of saga '${sagaId}' is transactional: its context is stored by its own commit, so it has nothing to save() before. ` +
        'Leave save() out, or make the step not transactional.',
      { sagaId, step },
    );
  }
}
