import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { CodecInfo, JsonValue, SagaCodec } from 'nest-saga';

/** Keys of 32 bytes by id. To rotate: add a new one, make it `current`, and keep the old ones while sagas need them. */
export interface AesGcmKeys {
  readonly current: string;
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

/** Encrypts contexts and results with AES-256-GCM. Each value is bound to its saga and step, so that none can be moved. */
export class AesGcmCodec implements SagaCodec {
  constructor(private readonly options: AesGcmKeys) {}

  encode(json: JsonValue, info: CodecInfo): JsonValue {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.options.current), iv).setAAD(owner(info));
    const data = Buffer.concat([cipher.update(JSON.stringify(json)), cipher.final()]);
    return {
      key: this.options.current,
      iv: iv.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    };
  }

  decode(stored: JsonValue, info: CodecInfo): JsonValue {
    const { key, iv, tag, data } = stored as Record<'key' | 'iv' | 'tag' | 'data', string>;
    const decipher = createDecipheriv('aes-256-gcm', this.key(key), Buffer.from(iv, 'base64'), { authTagLength: 16 })
      .setAAD(owner(info))
      .setAuthTag(Buffer.from(tag, 'base64'));
    const text = decipher.update(data, 'base64', 'utf8');
    try {
      return JSON.parse(text + decipher.final('utf8')) as JsonValue;
    } catch (cause) {
      throw new Error(`it was changed after key '${key}' encrypted it, or belongs to another saga`, { cause });
    }
  }

  private key(id: string): Uint8Array {
    const key = Object.hasOwn(this.options.keys, id) ? this.options.keys[id] : undefined;
    if (!key) throw new Error(`key '${id}' is not among the codec's keys`);
    return key;
  }
}

function owner({ what, saga, sagaId, step = '' }: CodecInfo): Buffer {
  return Buffer.from(JSON.stringify([what, saga, sagaId, step]));
}
