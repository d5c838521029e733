import { types } from 'node:util';
import { HttpException } from '@nestjs/common';
import type { JsonValue } from '../storage/json-value.js';
import type { StoredError } from '../storage/stored-error.js';

/** Characters of a message that are kept; what is cut off is said. */
const MAX_MESSAGE = 8_000;
const MAX_STACK = 16_000;
/** Characters of JSON of an HTTP response body. */
const MAX_RESPONSE = 16_000;
/** Errors behind an error; deeper causes are dropped. */
const MAX_CAUSES = 5;

/**
 * Turns whatever was thrown into what the log keeps. It never throws itself, whatever getters or proxies it meets:
 * an error that cannot be stored must not hide that something failed.
 */
export function storeError(error: unknown): StoredError {
  return store(error, new Set());
}

function store(error: unknown, seen: Set<unknown>): StoredError {
  seen.add(error);
  if (!isErrorLike(error)) return { name: 'NonError', message: cut(describe(error), MAX_MESSAGE) };
  const stack = read(error, 'stack');
  const code = read(error, 'code');
  const http = storeHttp(error);
  const cause = read(error, 'cause');
  const hasCause = cause !== undefined && cause !== null && seen.size <= MAX_CAUSES && !seen.has(cause);
  return {
    name: cut(text(read(error, 'name')) ?? 'Error', 200),
    message: cut(text(read(error, 'message')) ?? '', MAX_MESSAGE),
    ...(typeof stack === 'string' && { stack: cut(stack, MAX_STACK) }),
    ...((typeof code === 'string' || typeof code === 'number') && { code: cut(String(code), 200) }),
    ...(http && { http }),
    ...(hasCause && { cause: store(cause, seen) }),
  };
}

/** By shape: errors of other realms, and the error-like objects that some libraries throw, are errors as well. */
function isErrorLike(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return types.isNativeError(value) || typeof read(value, 'message') === 'string';
}

function storeHttp(error: object): StoredError['http'] | undefined {
  try {
    if (!(error instanceof HttpException)) return undefined;
    const status = error.getStatus();
    return Number.isInteger(status) ? { status, response: storeResponse(error, status) } : undefined;
  } catch {
    return undefined;
  }
}

function storeResponse(error: HttpException, status: number): JsonValue {
  try {
    const body = JSON.stringify(error.getResponse(), (_key, value: unknown) =>
      typeof value === 'string' ? clean(value) : value,
    ) as string | undefined;
    if (body !== undefined && body.length <= MAX_RESPONSE) return JSON.parse(body) as JsonValue;
  } catch {
    // A body that is no JSON could not have been sent either; the status still can.
  }
  return { statusCode: status, message: cut(error.message, MAX_MESSAGE) };
}

function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** How a thrown value that is no error is shown: a string as it is, an object as JSON. */
function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
    return String(value);
  } catch {
    return `a value of type ${typeof value} that cannot be shown`;
  }
}

function cut(value: string, limit: number): string {
  const rest = value.length - limit;
  return clean(rest <= 0 ? value : `${value.slice(0, limit)}… (${String(rest)} more characters)`);
}

/** Without NUL and halves of surrogate pairs, which some databases refuse: then the error itself could not be stored. */
function clean(value: string): string {
  return value.replace(/[\0\p{Surrogate}]/gu, '\uFFFD');
}
