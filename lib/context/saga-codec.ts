import type { JsonValue } from '../storage/json-value.js';

/** Whose value a codec is given. The same value is decoded with the same `saga`, `sagaId`, `what` and, for results, `step`. */
export interface CodecInfo {
  /** Whether it is the context of a saga or the result of a step. */
  readonly what: 'context' | 'result';
  /** The saga definition's name. */
  readonly saga: string;
  /** The saga's id. */
  readonly sagaId: string;
  /** The step whose result it is; absent for contexts. */
  readonly step?: string;
}

/**
 * Changes what is stored of contexts and results as a whole: encrypts it, compresses it. Both methods are synchronous
 * and `decode` brings back exactly what `encode` was given, or throws. Errors, names and the log's structure stay readable.
 */
export interface SagaCodec {
  /** What is stored in place of `json`. */
  encode(json: JsonValue, info: CodecInfo): JsonValue;
  /** @throws when it cannot be brought back: the saga is parked as `unreadable`. */
  decode(stored: JsonValue, info: CodecInfo): JsonValue;
}
