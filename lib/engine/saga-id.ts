import { randomUUID } from 'node:crypto';
import { InvalidSagaIdError } from '../errors/invalid-saga-id-error.js';

const MAX_LENGTH = 255;

/** A new id, UUIDv7: ids made one after the other are neighbours, which keeps a database's indexes local. */
export function newSagaId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** @throws {InvalidSagaIdError} unless it has 1 to 255 characters. */
export function checkSagaId(id: unknown): string {
  if (typeof id === 'string' && id.length > 0 && id.length <= MAX_LENGTH) return id;
  throw new InvalidSagaIdError(id, MAX_LENGTH);
}
