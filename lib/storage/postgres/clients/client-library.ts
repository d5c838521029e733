import type { StatementClient } from '../pool-client.js';

/** How a client is used, or why it cannot be. */
export type RecognizedClient = { readonly use: () => StatementClient } | { readonly mistake: string };

/** Tells a library's client by its shape, without importing the library; `undefined`: it is not one of this library. */
export type ClientLibrary = (client: object) => RecognizedClient | undefined;
