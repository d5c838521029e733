import { NotFoundException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** The storage knows no saga of this id: there never was one, or it was pruned. Nest answers with 404. */
export class SagaNotFoundError extends NotFoundException implements SagaError {
  readonly code = 'SAGA_NOT_FOUND';
  readonly sagaId: string;

  constructor(sagaId: string) {
    super(
      httpBody(
        [404, 'Not Found'],
        'SAGA_NOT_FOUND',
        `There is no saga '${sagaId}': it was never started here, or it has been pruned. Check the id.`,
      ),
    );
    this.sagaId = sagaId;
    brandSagaError(this);
  }
}
