import { ConflictException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** The saga was cancelled and rolled back: what `run()` and `result()` reject with. Nest answers with 409. */
export class SagaCancelledError extends ConflictException implements SagaError {
  readonly code = 'SAGA_CANCELLED';
  readonly sagaId: string;
  /** What the operator gave as the reason; absent where none was given. */
  readonly reason?: string;
  /** Who cancelled it. */
  readonly by?: string;

  constructor({ sagaId, reason, by }: { sagaId: string; reason?: string | undefined; by?: string | undefined }) {
    const who = by === undefined ? '' : ` by ${by}`;
    const why = reason === undefined ? '' : `: ${reason}`;
    super(httpBody([409, 'Conflict'], 'SAGA_CANCELLED', `Saga '${sagaId}' was cancelled${who}${why}`));
    this.sagaId = sagaId;
    if (reason !== undefined) this.reason = reason;
    if (by !== undefined) this.by = by;
    brandSagaError(this);
  }
}
