/** The transaction that a library hands to what runs in it, by the way in which it is begun. */
export type HandedOut<Begin> = Begin extends (
  work: (transaction: infer Handle) => Promise<never>,
  ...options: never
) => unknown
  ? Handle
  : never;

/** A library whose transactions begin with `transaction().execute(work)`. */
export interface BeginsByExecute<Begin> {
  transaction(): { execute: Begin };
}
