import type { ClientLibrary as Library } from '../../sql/clients/client-library.js';
import type { StatementClient } from '../pool-client.js';

/** A library whose handles the PostgreSQL storage takes. */
export type ClientLibrary = Library<StatementClient>;
