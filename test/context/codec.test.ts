import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { JsonSagaSerializer } from '../../lib/context/json-saga-serializer.js';
import { UnreadableValueError } from '../../lib/errors/unreadable-value-error.js';
import type { JsonValue } from '../../lib/storage/json-value.js';
import { AesGcmCodec } from './aes-gcm-codec.js';

const info = { saga: 'OrderSaga', sagaId: 'o-1', step: 'charge' };
const context = { card: '4242 4242', at: new Date(0), limits: new Map([['day', 10n]]) };
const january = randomBytes(32);
const february = randomBytes(32);

const before = new JsonSagaSerializer({ codec: new AesGcmCodec({ current: 'january', keys: { january } }) });
const after = new JsonSagaSerializer({ codec: new AesGcmCodec({ current: 'february', keys: { january, february } }) });

describe('a codec that encrypts', () => {
  test('leaves nothing readable in what is stored, and brings everything back', () => {
    const stored = before.serializeContext(context, info);
    expect(JSON.stringify(stored)).not.toMatch(/card|4242|limits/);
    expect(before.restoreContext(stored, info)).toEqual(context);
  });

  test('is asked for results as well, but not for one that is absent', () => {
    const stored = before.serializeResult({ payment: 'p-1' }, info);
    expect(JSON.stringify(stored)).not.toContain('p-1');
    expect(before.restoreResult(stored, info)).toEqual({ payment: 'p-1' });
    expect(before.serializeResult(undefined, info)).toBeUndefined();
    expect(before.restoreResult(undefined, info)).toBeUndefined();
  });

  test('rotates its keys: old values stay readable, new ones use the new key', () => {
    const old = before.serializeContext(context, info);
    expect(after.restoreContext(old, info)).toEqual(context);
    const fresh = after.serializeContext(context, info);
    expect(fresh).toMatchObject({ key: 'february' });
    expect(after.restoreContext(fresh, info)).toEqual(context);
  });

  test('says which key is missing', () => {
    const stored = after.serializeContext(context, info);
    expect(() => before.restoreContext(stored, info)).toThrow(
      "The context after step charge of saga OrderSaga 'o-1' cannot be restored: key 'february' is not among the codec's keys",
    );
  });

  test.each(['iv', 'tag', 'data'])('detects that somebody has changed the %s', (part) => {
    const stored = before.serializeContext(context, info) as Record<string, string>;
    const bytes = Buffer.from(stored[part] ?? '', 'base64');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    const changed: JsonValue = { ...stored, [part]: bytes.toString('base64') };
    expect(() => before.restoreContext(changed, info)).toThrow(UnreadableValueError);
    expect(() => before.restoreContext(changed, info)).toThrow("it was changed after key 'january' encrypted it");
  });

  test('refuses a value that was moved from another saga', () => {
    const stored = before.serializeContext(context, { ...info, sagaId: 'o-2' });
    expect(() => before.restoreContext(stored, info)).toThrow('belongs to another saga');
  });

  test('reads a context whichever step wrote it', () => {
    const stored = before.serializeContext(context, { ...info, step: 'reserve' });
    expect(before.restoreContext(stored, { saga: 'OrderSaga', sagaId: 'o-1' })).toEqual(context);
  });

  test('is not asked again for a context that a step has left as it was', () => {
    const stored = before.serializeContext(context, info);
    const restored = before.restoreContext(stored, info) as typeof context;
    expect(before.serializeContext(restored, info)).toBe(stored);
    restored.limits.set('week', 50n);
    expect(before.serializeContext(restored, info)).not.toEqual(stored);
  });

  test('is handed what is stored as it is: no JSON, no codec', () => {
    expect(() => before.restoreContext('plain', info)).toThrow(UnreadableValueError);
  });
});
