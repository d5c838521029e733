import { describeValue, type ValueKind } from './describe-value.js';
import { SagaError, type SagaErrorDetails } from './saga-error.js';

/**
 * A stored context or result cannot be restored: it is damaged, was written by a newer release or another serializer, or
 * the codec refused it. Nothing was changed; the saga waits for code that can read it.
 */
export class UnreadableValueError extends SagaError {
  readonly code = 'SAGA_UNREADABLE_VALUE';

  constructor(what: ValueKind, problem: string, details: SagaErrorDetails & { readonly saga?: string } = {}) {
    super(
      `${describeValue(what, details)} cannot be restored: ${problem}. ` +
        'Check that the serializer and its codec are those that stored it.',
      details,
    );
  }
}
