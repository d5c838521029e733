import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { isExpression, type BoundStatement, type Operand } from './bound-statement.js';
import { packetSize } from './parameter.js';
import type { SagaWrite } from './saga-write.js';

/** Bytes of a packet that are left to the text of the statement. */
const REST = 16_384;

/** Cuts a list into parts of which each fits into one statement. */
export function packets<T>(
  items: readonly T[],
  { maxPacket, valuesOf }: { readonly maxPacket: number; readonly valuesOf: (item: T) => readonly Operand[] },
): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(valuesOf(item));
    if (size > room || parts.length === 0) {
      parts.push([]);
      room = maxPacket - REST;
    }
    parts.at(-1)?.push(item);
    room -= size;
  }
  return parts;
}

/** Whether a statement fits into one packet. */
export function fitsPacket({ text, values }: BoundStatement, maxPacket: number): boolean {
  return text.length + sizeOf(values) <= maxPacket - REST;
}

/**
 * Refuses a write that the server would not even read: it would close the connection, and with it take along what else is written.
 *
 * @throws StorageRejectedError
 */
export function checkPacket<Write extends SagaWrite>(write: Write, maxPacket: number): Write {
  const { sagaId, entries, context, snapshot } = write.row;
  const row = sizeOf([entries, context, snapshot]);
  const head =
    write.kind === 'creation' ? sizeOf([write.head.plan]) : sizeOf(Object.values(write.change?.columns ?? {}));
  // A change of a head names each value next to the id that it is for.
  if (Math.max(row, head) <= maxPacket - 2 * REST) return write;
  throw new StorageRejectedError(
    `A row of saga '${sagaId}' cannot be stored: it takes ${Math.max(row, head)} bytes on the way to the server, ` +
      `and its max_allowed_packet is ${maxPacket}. Nothing was written; raise it, or store less.`,
    { sagaId },
  );
}

function sizeOf(values: readonly Operand[]): number {
  return values.reduce<number>((sum, value) => sum + (isExpression(value) ? value.sql.length : packetSize(value)), 0);
}
