import { SagaError } from './saga-error.js';

/** The code's steps are no longer those with which this saga was started. See `onDefinitionChange`. */
export class DefinitionChangedError extends SagaError {
  readonly code = 'SAGA_DEFINITION_CHANGED';
  /** The saga definition's name. */
  readonly saga: string;

  constructor({ sagaId, saga }: { sagaId: string; saga: string }) {
    super(
      `Saga '${sagaId}' was started by another plan of ${saga} than the code has now, so it cannot go forward. ` +
        "Deploy code with the old steps to finish it, cancel it, or set onDefinitionChange: 'compensate'.",
      { sagaId },
    );
    this.saga = saga;
  }
}
