import { SagaError } from './saga-error.js';

/** Another worker owns the saga by now: this one's write changed nothing. The version is the fence. */
export class StaleSagaError extends SagaError {
  readonly code = 'SAGA_STALE';
  /** The version that this worker tried to write. */
  readonly version: number;

  constructor({ sagaId, version, cause }: { sagaId: string; version: number; cause?: unknown }) {
    super(
      `Saga '${sagaId}' was taken over by another worker: version ${String(version)} is not this worker's to write. ` +
        'Nothing was changed; the other worker finishes it.',
      { sagaId, cause },
    );
    this.version = version;
  }
}
