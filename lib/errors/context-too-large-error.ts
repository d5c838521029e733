import { PayloadTooLargeException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError, type SagaErrorDetails } from './saga-error.js';
import { describeValue, type ValueKind } from './describe-value.js';

/**
 * A context or a step's result is larger than the serializer's `maxSize`, so it was not stored. At start Nest answers
 * with 413; later, the outcome of the step whose value it was is `unknown`.
 */
export class ContextTooLargeError extends PayloadTooLargeException implements SagaError {
  readonly code = 'SAGA_CONTEXT_TOO_LARGE';
  readonly sagaId?: string;
  readonly step?: string;
  /** About as many characters of JSON, counted until the limit was passed. */
  readonly size: number;
  /** Characters of JSON. */
  readonly limit: number;

  constructor(
    what: ValueKind,
    size: number,
    limit: number,
    { saga, sagaId, step, cause }: SagaErrorDetails & { readonly saga?: string } = {},
  ) {
    super(
      httpBody(
        [413, 'Payload Too Large'],
        'SAGA_CONTEXT_TOO_LARGE',
        `${describeValue(what, { saga, sagaId, step })} is too large to be stored: ` +
          `at least ${String(size)} characters of JSON, where ${String(limit)} are allowed. ` +
          'Keep a reference to large data instead of the data, or raise maxSize of the serializer.',
      ),
      { cause },
    );
    this.size = size;
    this.limit = limit;
    if (sagaId !== undefined) this.sagaId = sagaId;
    if (step !== undefined) this.step = step;
    brandSagaError(this);
  }
}
