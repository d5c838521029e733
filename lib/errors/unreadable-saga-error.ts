import { SagaError } from './saga-error.js';

/** What is stored of a saga is damaged, or was written by a newer release. It is parked; the others go on. */
export class UnreadableSagaError extends SagaError {
  readonly code = 'SAGA_UNREADABLE';
  /** What is wrong with the rows, as the storage found it. */
  readonly problem: string;

  constructor({ sagaId, problem, cause }: { sagaId: string; problem: string; cause?: unknown }) {
    super(
      `Saga '${sagaId}' cannot be read from the storage: ${problem}. ` +
        'Run the release that wrote it, or repair its rows and ask for it by recover().',
      { sagaId, cause },
    );
    this.problem = problem;
  }
}
