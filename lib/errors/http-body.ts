/** The body that Nest's own filter answers with: what its exceptions carry, and the stable `code` beside it. */
export interface SagaErrorBody {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string | readonly string[];
  readonly code: string;
}

/** Makes the response body of those errors that are Nest exceptions as well. */
export function httpBody(
  [statusCode, error]: readonly [status: number, reason: string],
  code: string,
  message: string | readonly string[],
): SagaErrorBody {
  return { statusCode, error, message, code };
}
