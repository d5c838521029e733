import { GatewayTimeoutException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** The saga passed its deadline before its pivot, so it turned back. Nest answers with 504. */
export class SagaDeadlineError extends GatewayTimeoutException implements SagaError {
  readonly code = 'SAGA_DEADLINE';
  readonly sagaId: string;
  /** Milliseconds from the saga's creation. */
  readonly deadline: number;

  constructor({ sagaId, deadline }: { sagaId: string; deadline: number }) {
    super(
      httpBody(
        [504, 'Gateway Timeout'],
        'SAGA_DEADLINE',
        `Saga '${sagaId}' did not complete within its deadline of ${String(deadline)} ms, so it turned back.`,
      ),
    );
    this.sagaId = sagaId;
    this.deadline = deadline;
    brandSagaError(this);
  }
}
