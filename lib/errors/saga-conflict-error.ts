import { ConflictException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** The id under which a saga was to be started belongs to a saga of another definition. Nest answers with 409. */
export class SagaConflictError extends ConflictException implements SagaError {
  readonly code = 'SAGA_CONFLICT';
  readonly sagaId: string;
  /** The definition of the saga that has this id. */
  readonly existing: string;
  /** The definition that was asked for. */
  readonly requested: string;

  constructor({ sagaId, existing, requested }: { sagaId: string; existing: string; requested: string }) {
    super(
      httpBody(
        [409, 'Conflict'],
        'SAGA_CONFLICT',
        `Saga '${sagaId}' is a ${existing} and cannot be started as a ${requested}. ` +
          'Nothing was changed; give each saga definition ids of its own.',
      ),
    );
    this.sagaId = sagaId;
    this.existing = existing;
    this.requested = requested;
    brandSagaError(this);
  }
}
