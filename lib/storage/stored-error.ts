import type { JsonValue } from './json-value.js';

/** An error as the log keeps it: enough to show it, and to answer a caller with the same HTTP status and body. */
export interface StoredError {
  /** The error's `name`, its class as a rule. */
  readonly name: string;
  /** In the clear, whatever the serializer does with contexts. */
  readonly message: string;
  /** In the log only: events, heads and messages to browsers carry none. */
  readonly stack?: string;
  /** The `code` of system, database and {@link SagaError} errors. */
  readonly code?: string;
  /** HTTP status and response body, where the error was a Nest `HttpException`. */
  readonly http?: {
    /** 400, 409, 503 … */
    readonly status: number;
    /** The body that Nest's own filter answers with. */
    readonly response: JsonValue;
  };
  /** Its `cause`, where that was an error too. */
  readonly cause?: StoredError;
}
