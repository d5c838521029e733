import type { JsonValue } from '../storage/json-value.js';
import type { ContextType } from './context-type.js';

/** Whose value is serialized: for error messages, for codecs that bind a value to its owner, and to restore the right class. */
export interface SerializationInfo {
  /** The saga definition's name. */
  readonly saga: string;
  /** The saga's id. */
  readonly sagaId: string;
  /** The step whose result or whose context change it is. */
  readonly step?: string;
  /** What `@Saga({ context })` names; absent for plain objects. */
  readonly contextType?: ContextType;
}

/**
 * Turns contexts and results into what a storage keeps, and back. Replace it by `SagaModule.forRoot({ serializer })`;
 * for encryption alone, give a codec to the default one, {@link JsonSagaSerializer}.
 *
 * The four methods are synchronous and pure. `serialize…` shares nothing with what it was given, and refuses what
 * `restore…` would not bring back: by `UnserializableValueError` or `ContextTooLargeError`, before anything is stored.
 */
export abstract class SagaSerializer {
  /** Awaited once when the application starts, before any saga runs, with the context types of all definitions. */
  prepare?(contextTypes: readonly ContextType[]): Promise<void> | void;

  /** @throws {UnserializableValueError} {@link ContextTooLargeError} for what `restoreContext` would not bring back. */
  abstract serializeContext(context: object, info: SerializationInfo): JsonValue;

  /** A context of its own for each call: two attempts never share one. */
  abstract restoreContext(stored: JsonValue, info: SerializationInfo): object;

  /** `undefined` for a step that returned nothing. */
  abstract serializeResult(result: unknown, info: SerializationInfo): JsonValue | undefined;

  /** What `serializeResult` was given; `undefined` where nothing is stored. */
  abstract restoreResult(stored: JsonValue | undefined, info: SerializationInfo): unknown;
}
