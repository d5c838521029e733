import { ServiceUnavailableException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** The application is closing (or its module was never initialised), so no new saga starts. Nest answers with 503. */
export class SagaClosedError extends ServiceUnavailableException implements SagaError {
  readonly code = 'SAGA_CLOSED';

  constructor() {
    super(
      httpBody(
        [503, 'Service Unavailable'],
        'SAGA_CLOSED',
        'No saga can be started: the application is closing. Nothing was stored; start it again on another instance.',
      ),
    );
    brandSagaError(this);
  }
}
