import { SagaError } from './saga-error.js';

/** `execution.save()` was called after its attempt had ended: nothing was saved. */
export class ExecutionEndedError extends SagaError {
  readonly code = 'SAGA_EXECUTION_ENDED';
  declare readonly step: string;

  constructor({ sagaId, step, attempt }: { sagaId: string; step: string; attempt?: number }) {
    const which = attempt === undefined ? 'The attempt' : `Attempt ${String(attempt)}`;
    super(
      `${which} of step ${step} of saga '${sagaId}' has ended, so nothing can be saved by it any more. ` +
        'Await save() before the handler returns, and stop when execution.signal aborts.',
      { sagaId, step },
    );
  }
}
