import type { JsonValue } from './json-value.js';

/** An error as the log keeps it: enough to show it, and to answer a caller with the same HTTP status and body. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The `code` of system, database and {@link SagaError} errors. */
  readonly code?: string;
  /** HTTP status and response body, where the error was a Nest `HttpException`. */
  readonly http?: { readonly status: number; readonly response: JsonValue };
  readonly cause?: StoredError;
}
