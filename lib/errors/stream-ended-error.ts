import { HttpException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/**
 * A client has come back for a stream that holds nothing more for it: the saga is finished, and the client has seen its last
 * event. Nest answers with 204, which tells an `EventSource` to stop connecting.
 */
export class StreamEndedError extends HttpException implements SagaError {
  readonly code = 'SAGA_STREAM_ENDED';
  readonly sagaId: string;

  constructor(sagaId: string) {
    super(
      httpBody(
        [204, 'No Content'],
        'SAGA_STREAM_ENDED',
        `Saga '${sagaId}' is finished, and all of its events have been sent. Stop asking for more.`,
      ),
      204,
    );
    this.sagaId = sagaId;
    brandSagaError(this);
  }
}
