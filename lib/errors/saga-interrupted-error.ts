import { ServiceUnavailableException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** Why this process cannot tell how a saga ends. */
export type InterruptionReason = 'closing' | 'lease-lost' | 'storage' | 'held';

const WHY: Record<InterruptionReason, string> = {
  closing: 'the application is closing, and another worker takes it over',
  'lease-lost': 'this worker lost its lease, and another one takes it over',
  storage: 'the storage cannot be reached, and the saga is resumed when it is back',
  held: 'it is parked until its heldReason is gone or an operator asks for it',
};

/**
 * The outcome of a saga is not known yet, and somebody else will finish it. It has neither failed nor been lost: ask
 * for it later by its id, and do not start it again under another one. Nest answers with 503.
 */
export class SagaInterruptedError extends ServiceUnavailableException implements SagaError {
  readonly code = 'SAGA_INTERRUPTED';
  readonly sagaId: string;
  /** Which of the four it is; the message says what happens next. */
  readonly reason: InterruptionReason;

  constructor(sagaId: string, reason: InterruptionReason, { cause }: { cause?: unknown } = {}) {
    super(
      httpBody(
        [503, 'Service Unavailable'],
        'SAGA_INTERRUPTED',
        `Saga '${sagaId}' is not finished: ${WHY[reason]}. Its outcome is not known yet; ` +
          'ask for it later by this id, and do not start it again under another one.',
      ),
      { cause },
    );
    this.sagaId = sagaId;
    this.reason = reason;
    brandSagaError(this);
  }
}
