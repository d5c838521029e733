import { SagaError } from './saga-error.js';

/** A stored saga needs a step that the code does not have any more. The saga is parked, not lost. */
export class HandlerMissingError extends SagaError {
  readonly code = 'SAGA_HANDLER_MISSING';
  declare readonly step: string;
  /** The saga definition's name. */
  readonly saga: string;

  constructor({ sagaId, saga, step }: { sagaId: string; saga: string; step: string }) {
    super(
      `Saga '${sagaId}' needs step ${step} of ${saga}, and no provider has that name any more. ` +
        'Provide it again under this name (@SagaStep({ name })), or resolve the step by hand.',
      { sagaId, step },
    );
    this.saga = saga;
  }
}
