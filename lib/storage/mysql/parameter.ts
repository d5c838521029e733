import type { Bindable } from './bound-statement.js';
import type { MysqlValue } from './mysql-client.js';

/** Printable ASCII but for both quotes and the backslash: what looks the same in every `sql_mode` and character set. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

/**
 * A value as it is sent. Drivers write texts into the statement with backslashes, which mean something else in the mode
 * `NO_BACKSLASH_ESCAPES`, and in the connection's character set, which may lack the letter. Bytes they write as digits.
 */
export function parameter(value: Bindable): MysqlValue {
  return typeof value !== 'string' || PLAIN.test(value) ? value : Buffer.from(value);
}

/** How many bytes of a packet a value takes at most, as digits. */
export function packetSize(value: Bindable): number {
  return typeof value === 'string' ? 2 * Buffer.byteLength(value) + 8 : 32;
}
