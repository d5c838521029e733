/**
 * How values that JSON cannot say are stored: as an object with this key, whose value names the kind.
 *
 * | value | stored as |
 * |---|---|
 * | `Date` | `{ "$saga": "date", "value": "2030-01-31T12:00:00.000Z" }` (`null` for an invalid one) |
 * | `bigint` | `{ "$saga": "bigint", "value": "123" }` |
 * | `Map` | `{ "$saga": "map", "value": [[key, value], …] }` |
 * | `Set` | `{ "$saga": "set", "value": [value, …] }` |
 * | `undefined` | `{ "$saga": "undefined" }` |
 * | `NaN`, `±Infinity`, `-0` | `{ "$saga": "number", "value": "NaN" }` |
 * | `Uint8Array`, `Buffer` | `{ "$saga": "bytes", "value": base64 }`, `{ "$saga": "buffer", "value": base64 }` |
 * | an object without prototype | `{ "$saga": "dictionary", "value": { … } }` |
 * | an object that has this key itself | `{ "$saga": "object", "value": { … } }` |
 * | a context that holds instances of classes | `{ "$saga": "typed", "value": { … }, "typed": { … } }`, see `TypedContexts` |
 *
 * These names are stored: they are never renamed, only added to.
 */
export const TAG = '$saga';
