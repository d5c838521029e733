import { SagaConfigurationError } from '../errors/saga-configuration-error.js';
import { SagaError } from '../errors/saga-error.js';
import { UnreadableValueError } from '../errors/unreadable-value-error.js';
import { UnserializableValueError } from '../errors/unserializable-value-error.js';
import type { ValueKind } from '../errors/describe-value.js';
import type { JsonValue } from '../storage/json-value.js';
import { isSchema, type ContextClass, type ContextType } from './context-type.js';
import { decodeJson } from './json-decoder.js';
import { JsonEncoder } from './json-encoder.js';
import { nameOf } from './object-kind.js';
import { loadClassTransformer } from './optional-package.js';
import type { CodecInfo, SagaCodec } from './saga-codec.js';
import { sameJson } from './same-json.js';
import { SagaSerializer, type SerializationInfo } from './saga-serializer.js';
import { TypedContexts } from './typed-contexts.js';

/** Options of the default serializer. */
export interface JsonSagaSerializerOptions {
  /** Encrypts or compresses what is stored. Default: it is stored as it is. */
  readonly codec?: SagaCodec;
  /**
   * Characters of JSON that one context or result may have, counted roughly (numbers as 8, no escapes) and before the
   * codec. Default: 4 Mi (4,194,304).
   */
  readonly maxSize?: number;
}

const DEFAULT_MAX_SIZE = 4 * 1024 * 1024;

/**
 * The default serializer: JSON, and what JSON lacks as tagged objects: `Date`, `Map`, `Set`, `bigint`, `undefined`, `NaN`,
 * infinities, `-0`, `Uint8Array` and `Buffer` come back as they are. Everything else is refused with its path, by
 * `UnserializableValueError`; what is larger than `maxSize` by `ContextTooLargeError`.
 *
 * A context class comes back as an instance by its prototype: its constructor is not called. Instances of other classes
 * inside it survive where class-transformer is installed and `@Type` (or `@Transform`) brings them back. Beyond its reach
 * are `#private` fields, which nobody can see, and identity: one object in two places comes back as two.
 *
 * ```ts
 * SagaModule.forRoot({ storage, serializer: new JsonSagaSerializer({ maxSize: 100_000 }) });
 * ```
 */
export class JsonSagaSerializer extends SagaSerializer {
  private readonly codec: SagaCodec | undefined;
  private readonly maxSize: number;
  private typedContexts: TypedContexts | undefined;
  /** What contexts were made of, for codecs that encode the same value differently each time. */
  private readonly origins = new WeakMap<object, { readonly json: JsonValue; readonly stored: JsonValue }>();

  /** @throws SagaConfigurationError if `maxSize` is no positive number. */
  constructor({ codec, maxSize = DEFAULT_MAX_SIZE }: JsonSagaSerializerOptions = {}) {
    super();
    if (!(maxSize > 0)) {
      throw new SagaConfigurationError([
        `JsonSagaSerializer: maxSize must be a positive number, not ${String(maxSize)}.`,
      ]);
    }
    this.codec = codec;
    this.maxSize = maxSize;
  }

  override async prepare(contextTypes: readonly ContextType[]): Promise<void> {
    if (!contextTypes.some((type) => classOf(type))) return;
    const transformer = await loadClassTransformer();
    if (transformer) this.typedContexts = new TypedContexts(transformer);
  }

  override serializeContext(context: object, info: SerializationInfo): JsonValue {
    const type = classOf(info.contextType);
    const json = type ? this.encodeInstance(context, type, info) : this.encoder('context', info).encodeValue(context);
    if (!this.codec) return json;
    // An unchanged context has to look unchanged, or it would be written again with each transition.
    const origin = this.origins.get(context);
    return origin && sameJson(origin.json, json) ? origin.stored : this.codec.encode(json, codecInfo('context', info));
  }

  override restoreContext(stored: JsonValue, info: SerializationInfo): object {
    try {
      if (!this.codec) return this.decodeContext(stored, classOf(info.contextType));
      const json = this.codec.decode(stored, codecInfo('context', info));
      const context = this.decodeContext(json, classOf(info.contextType));
      this.origins.set(context, { json, stored });
      return context;
    } catch (cause) {
      throw unreadable('context', cause, info);
    }
  }

  override serializeResult(result: unknown, info: SerializationInfo): JsonValue | undefined {
    if (result === undefined) return undefined;
    const json = this.encoder('result', info).encodeValue(result);
    return this.codec ? this.codec.encode(json, codecInfo('result', info)) : json;
  }

  override restoreResult(stored: JsonValue | undefined, info: SerializationInfo): unknown {
    if (stored === undefined) return undefined;
    try {
      return decodeJson(this.codec ? this.codec.decode(stored, codecInfo('result', info)) : stored);
    } catch (cause) {
      throw unreadable('result', cause, info);
    }
  }

  private encodeInstance(context: object, type: ContextClass, info: SerializationInfo): JsonValue {
    const prototype = Object.getPrototypeOf(context) as object | null;
    if (prototype !== type.prototype) {
      const problem = `is an instance of ${nameOf(prototype)}, and would come back as ${type.name}: make it a ${type.name}.`;
      throw new UnserializableValueError('context', 'context', problem, info);
    }
    const encoder = this.encoder('context', info);
    try {
      return encoder.encodeInstance(context);
    } catch (error) {
      if (!encoder.refusedInstance || !this.typedContexts) throw error;
      return this.typedContexts.encode(context, type, this.encoder('context', info), info);
    }
  }

  private decodeContext(json: JsonValue, type: ContextClass | undefined): object {
    if (TypedContexts.made(json)) return this.decodeTyped(json, type);
    const context = decodeJson(json);
    if (typeof context !== 'object' || context === null) throw new Error('it is no object');
    return type ? (Object.setPrototypeOf(context, type.prototype as object) as object) : context;
  }

  private decodeTyped(json: { readonly [key: string]: JsonValue }, type: ContextClass | undefined): object {
    if (!type) throw new Error('it was stored as an instance of a class, and the saga names no context class any more');
    if (!this.typedContexts) throw new Error('class-transformer, by which it was stored, is not installed');
    return this.typedContexts.restore(json, type);
  }

  private encoder(what: ValueKind, info: SerializationInfo): JsonEncoder {
    return new JsonEncoder({ what, info, maxSize: this.maxSize, advice });
  }
}

/** What to do about an instance of a class that would not come back. */
function advice(className: string, what: ValueKind, { contextType }: SerializationInfo): string {
  if (what === 'result') return 'return plain data';
  if (className in globalThis) return 'store plain data that it can be made from';
  const type = `put @Type(() => ${className}) of class-transformer on the property`;
  if (!classOf(contextType)) return `use plain data, or name a class in @Saga({ context }) and ${type}`;
  return `use plain data, or install class-transformer and ${type}`;
}

/** Whatever cannot be read is one kind of error, whoever found out: codec, decoder or class-transformer. */
function unreadable(what: ValueKind, cause: unknown, info: SerializationInfo): SagaError {
  if (cause instanceof SagaError) return cause;
  return new UnreadableValueError(what, cause instanceof Error ? cause.message : String(cause), { ...info, cause });
}

function classOf(type: ContextType | undefined): ContextClass | undefined {
  return type === undefined || isSchema(type) ? undefined : type;
}

function codecInfo(what: ValueKind, { saga, sagaId, step }: SerializationInfo): CodecInfo {
  return what === 'result' && step !== undefined ? { what, saga, sagaId, step } : { what, saga, sagaId };
}
