import type { JsonValue } from '../storage/json-value.js';

/** Whether two JSON values say the same; the order of an object's keys does not matter. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && sameItems(a as JsonValue[], b as JsonValue[]);
  }
  return sameProperties(a as Record<string, JsonValue>, b as Record<string, JsonValue>);
}

function sameItems(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!sameJson(a[index], b[index])) return false;
  }
  return true;
}

/** Without lists of keys: most contexts that are compared have just been changed in one property. */
function sameProperties(a: Record<string, JsonValue>, b: Record<string, JsonValue>): boolean {
  for (const key in b) if (Object.hasOwn(b, key) && !Object.hasOwn(a, key)) return false;
  for (const key in a) {
    if (Object.hasOwn(a, key) && !(Object.hasOwn(b, key) && sameJson(a[key], b[key]))) return false;
  }
  return true;
}
