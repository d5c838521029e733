import { BadRequestException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** An id that no saga can have. Nothing was stored. Nest answers with 400. */
export class InvalidSagaIdError extends BadRequestException implements SagaError {
  readonly code = 'SAGA_INVALID_ID';

  constructor(id: unknown, maxLength: number) {
    const given = typeof id === 'string' ? `one of ${String(id.length)} characters` : typeof id;
    super(
      httpBody(
        [400, 'Bad Request'],
        'SAGA_INVALID_ID',
        `A saga's id is a string of 1 to ${String(maxLength)} characters, not ${given}.`,
      ),
    );
    brandSagaError(this);
  }
}
