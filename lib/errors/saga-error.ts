const BRAND = Symbol.for('nest-saga.error');

/** What an error says beyond its message. */
export interface SagaErrorDetails {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** The saga that it is about. */
  readonly sagaId?: string;
  /** The step that it is about. */
  readonly step?: string;
}

/**
 * What every error of this library is. Its `code` is stable; its message says what happened, to which saga and step, and
 * what to do.
 *
 * `instanceof SagaError` asks for a brand, not for a base class: errors that a client caused are Nest `HttpException`s
 * as well, so that Nest's own filter answers with them, and two copies of this package in one process recognise each
 * other's errors.
 */
export abstract class SagaError extends Error {
  /** Stable: what programs tell errors apart by. */
  abstract readonly code: string;
  /** The saga that it is about; absent where it is about none, or the thrower did not know. */
  readonly sagaId?: string;
  /** The step that it is about; absent where it is about none. */
  readonly step?: string;

  constructor(message: string, { cause, sagaId, step }: SagaErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    if (sagaId !== undefined) this.sagaId = sagaId;
    if (step !== undefined) this.step = step;
    brandSagaError(this);
  }

  /** By a brand, for `SagaError` itself; by class for those that extend it. */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this === SagaError) return typeof value === 'object' && value !== null && BRAND in value;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** Makes an error that extends one of Nest's exceptions a {@link SagaError}. */
export function brandSagaError(error: Error): void {
  Object.defineProperty(error, BRAND, { value: true });
}
