import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { NO_SCHEMA, READ_ONLY } from './driver-error.js';
import type { PostgresConnection } from './postgres-connection.js';

/** PostgreSQL 13, as the server itself writes it. */
const OLDEST_VERSION = 130_000;

const SELECT_SERVER = `
  SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
    current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby, current_schema() IS NULL AS lost,
    current_setting('transaction_read_only')::bool AS "readOnly"`;

interface Server {
  readonly version: string;
  readonly number: number;
  readonly encoding: string;
  readonly standby: boolean;
  /** No schema of the search path is there, or none that the user may look into. */
  readonly lost: boolean;
  /** Whether it takes no writes, as by `default_transaction_read_only` of the user; a standby takes none either. */
  readonly readOnly: boolean;
}

/**
 * Looks at the server before anything is written to it.
 *
 * @throws SagaConfigurationError with all that makes it unfit.
 */
export async function checkServer(connection: PostgresConnection): Promise<void> {
  const [server] = await connection.allOnce<Server>(SELECT_SERVER);
  if (server === undefined) return;
  const mistakes = [
    ...(server.number < OLDEST_VERSION
      ? [`the server is PostgreSQL ${server.version}, and 13 is the oldest that will do`]
      : []),
    ...(server.encoding === 'UTF8' ? [] : [`the database is encoded in ${server.encoding}, and sagas need UTF8`]),
    ...(server.lost && connection.tables.schema === undefined ? [`${NO_SCHEMA} (3F000)`] : []),
    ...(server.standby ? ['the server is a standby, which cannot be written to: connect to the primary'] : []),
    ...(server.readOnly && !server.standby ? [`${READ_ONLY} (25006)`] : []),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `PostgresSagaStorage: ${text}.`));
}
