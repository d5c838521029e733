/**
 * What a storage keeps: exactly the values that JSON can say and nothing that it would change. Serializers turn
 * contexts and results into it; SQL adapters turn it into text.
 */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
