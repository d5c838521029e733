/** How a client is used, or why it cannot be. */
export type RecognizedClient<Use> = { readonly use: () => Use } | { readonly mistake: string };

/** Tells a library's client by its shape, without importing the library; `undefined`: it is not one of this library. */
export type ClientLibrary<Use> = (client: object) => RecognizedClient<Use> | undefined;

/** The clients that a storage takes. */
export interface AcceptedClients<Use> {
  /** What is wrong with the option `client`, if anything is. */
  mistakesOf(client: unknown): readonly string[];
  /** A client as the storage uses it; {@link mistakesOf} has nothing against it. */
  use(client: unknown): Use;
}

/** Asks one library after the other whose client it is: the most telling shapes first. `none`: what is said if it is nobody's. */
export function acceptedClients<Use>(libraries: readonly ClientLibrary<Use>[], none: string): AcceptedClients<Use> {
  const recognize = (client: unknown): RecognizedClient<Use> => {
    if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return { mistake: none };
    for (const library of libraries) {
      const recognized = library(client);
      if (recognized !== undefined) return recognized;
    }
    return { mistake: none };
  };
  return {
    mistakesOf(client) {
      const recognized = recognize(client);
      return 'mistake' in recognized ? [`\`client\` ${recognized.mistake}.`] : [];
    },
    use(client) {
      const recognized = recognize(client);
      if ('mistake' in recognized) throw new TypeError(`The client ${recognized.mistake}.`);
      return recognized.use();
    },
  };
}

/** A handle that cannot be used as it is. */
export interface ForeignClient {
  /** What it has, and no client that can be used. */
  readonly has: readonly string[];
  /** What it is, and what to give instead of it. */
  readonly mistake: string;
}

/** Knows what would pass for a client by the names of its functions, or is near to one. */
export function foreignClients(known: readonly ForeignClient[]): ClientLibrary<never> {
  return (client) => {
    const found = known.find(({ has }) => has.every((name) => name in client));
    return found && { mistake: found.mistake };
  };
}

/** Handles that every SQL storage refuses. */
export const FOREIGN_TO_ALL: readonly ForeignClient[] = [
  { has: ['getRepository', 'transaction'], mistake: 'is an EntityManager of TypeORM: give the DataSource' },
  {
    has: ['getRepository', 'transactional', 'fork'],
    mistake: 'is an EntityManager of MikroORM: give the MikroORM instance',
  },
  { has: ['startTransaction', 'broadcaster'], mistake: 'is a QueryRunner of TypeORM: give the DataSource' },
  {
    has: ['getQueryInterface', 'transaction'],
    mistake: 'is a Sequelize instance, whose `query` means something else: put it behind two functions of your own',
  },
];
