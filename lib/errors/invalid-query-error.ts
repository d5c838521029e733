import { BadRequestException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/**
 * A query for sagas cannot be answered: its cursor does not come from a page, or one of its filters is of the wrong kind.
 * Thrown by `find` before anything is read. Nest answers with 400.
 */
export class InvalidQueryError extends BadRequestException implements SagaError {
  readonly code = 'SAGA_INVALID_QUERY';

  constructor(message: string, { cause }: { readonly cause?: unknown } = {}) {
    super(httpBody([400, 'Bad Request'], 'SAGA_INVALID_QUERY', message), { cause });
    brandSagaError(this);
  }
}
