/** What a database of Drizzle (0.36 or later) is to a storage. */
export interface DrizzleDatabase {
  /** The driver's own client or pool. */
  readonly $client: unknown;
  /** What Drizzle keeps for itself and for extensions: the session, among other things. */
  readonly _: unknown;
}

const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/** The name that Drizzle gives the class of a database or transaction, `NodePgDatabase` for one; `undefined`: it is not Drizzle's. */
export function drizzleKind(client: object): string | undefined {
  const { constructor } = client as { readonly constructor?: { readonly [ENTITY_KIND]?: unknown } };
  const kind = constructor?.[ENTITY_KIND];
  return typeof kind === 'string' ? kind : undefined;
}
