import { describeValue, type ValueKind } from './describe-value.js';
import { SagaError, type SagaErrorDetails } from './saga-error.js';

/**
 * A context or a result holds a value that would not come back from the storage as it is. It is refused rather than
 * silently changed; the message names saga, step and property. At start nothing was stored; later, the outcome of the
 * step whose value it was is `unknown`.
 */
export class UnserializableValueError extends SagaError {
  readonly code = 'SAGA_UNSERIALIZABLE_VALUE';
  /** Where the value is: `context.items[2].price`. */
  readonly path: string;

  constructor(
    what: ValueKind,
    path: string,
    problem: string,
    details: SagaErrorDetails & { readonly saga?: string } = {},
  ) {
    super(`${describeValue(what, details)} cannot be stored: ${path} ${problem}`, details);
    this.path = path;
  }
}
