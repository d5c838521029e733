import type { StandardSchema } from './standard-schema.js';

/** A class whose instances are contexts. */
export type ContextClass<C extends object = object> = abstract new (...args: never[]) => C;

/** What `@Saga({ context })` takes: a class, or any Standard Schema (zod, valibot, arktype). */
export type ContextType<C extends object = object> = ContextClass<C> | StandardSchema<unknown, C>;

/** Tells the two apart: some schema libraries make their schemas callable, so a schema is asked for first. */
export function isSchema(type: ContextType): type is StandardSchema<unknown, object> {
  return '~standard' in type;
}
