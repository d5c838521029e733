import { HttpException } from '@nestjs/common';
import type { StoredError } from '../storage/stored-error.js';
import { brandSagaError } from './saga-error.js';

/** Codes of this library begin like this; an error that comes back with one is a `SagaError` again. */
const SAGA_CODE = 'SAGA_';

/**
 * Rebuilds the error that a saga failed with, for callers who join it later or elsewhere. An `HttpException` comes back
 * with its status and response, so that a 409 stays a 409; its class is `HttpException` itself, as the original class may
 * not exist here. Every error has its name, message, code, stack and cause again, and `SagaError`s are recognised as such.
 */
export function restoreError(stored: StoredError): Error {
  const { name, message, stack, code, http, cause } = stored;
  const options = cause === undefined ? undefined : { cause: restoreError(cause) };
  const error =
    http === undefined
      ? new Error(message, options)
      : new HttpException(http.response as string | Record<string, unknown>, http.status, options);
  hide(error, 'name', name);
  hide(error, 'message', message);
  if (stack !== undefined) hide(error, 'stack', stack);
  if (code !== undefined) (error as Error & { code?: string }).code = code;
  if (code?.startsWith(SAGA_CODE)) brandSagaError(error);
  return error;
}

/** As an error's own properties are: there, but not enumerated. */
function hide(error: Error, key: 'name' | 'message' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
