import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { bytes } from './columns.js';
import type { MysqlConnection } from './mysql-connection.js';
import { sagaTables } from '../sql/saga-tables.js';
import { isFrom, serverVersion } from './server-version.js';
import { TRIAL, type BlockRow } from './write-block.js';

/** The oldest of each that skip locked rows and know recursive queries. */
const OLDEST = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

/** A context of a megabyte, which is what the serializer lets through by default, takes twice that in a statement, and has company. */
const LEAST_PACKET = 4 * 1024 * 1024;

const SELECT_SERVER = `
  SELECT ${bytes('VERSION()')} AS version, ${bytes('DATABASE()')} AS chosen, @@global.read_only + 0e0 AS read_only,
    @@innodb_read_only + 0e0 AS innodb_read_only, @@session.autocommit + 0e0 AS autocommit, @@max_allowed_packet + 0e0 AS packet`;

/** Asked like this, it does not fail on a server that has no such setting any more. */
const SHOW_BINARY_LOG = `SHOW SESSION VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')`;

const SELECT_ENGINES = `
  SELECT ${bytes('table_name')} AS name, ${bytes('engine')} AS engine FROM information_schema.tables
  WHERE table_schema = COALESCE(?, DATABASE()) AND table_name IN (?, ?, ?, ?) AND engine <> 'InnoDB'`;

interface Server {
  readonly version: string;
  readonly chosen: string | null;
  readonly read_only: number;
  readonly innodb_read_only: number;
  readonly autocommit: number;
  readonly packet: number;
}

interface Setting {
  readonly Variable_name: string;
  readonly Value: string;
}

/**
 * Looks at the server and the session before anything is written.
 *
 * @throws SagaConfigurationError with all that makes them unfit.
 */
export async function checkServer(connection: MysqlConnection): Promise<void> {
  const [server] = await connection.allOnce<Server>(SELECT_SERVER);
  if (server === undefined) return;
  const { packet } = server;
  const mistakes = [
    ...tooOld(server.version),
    ...(server.chosen === null && connection.tables.database === undefined
      ? ['the client has chosen no database: name one in its options, or set `database`']
      : []),
    ...(isOn(server.read_only) || isOn(server.innodb_read_only)
      ? ['the server is read-only (read_only, super_read_only or innodb_read_only): connect to the primary server']
      : []),
    ...(isOn(server.autocommit)
      ? []
      : ['the sessions of the client do not commit by themselves (autocommit = 0): leave that on']),
    ...(packet < LEAST_PACKET
      ? [
          `max_allowed_packet is ${packet}, and a context of one megabyte needs ${LEAST_PACKET}: raise it on the server, ` +
            'to four times the largest context',
        ]
      : []),
    ...tellsStatements(await connection.allOnce<Setting>(SHOW_BINARY_LOG)),
  ];
  if (mistakes.length > 0) throw unfit(mistakes);
  connection.maxPacket = packet;
  connection.server = serverVersion(server.version);
  connection.takesBlocks = await takesBlocks(connection);
}

/**
 * Whether several statements can be sent as one. Tried, not told by the version: MySQL does not know such blocks, some modes of MariaDB
 * and servers in between may not, and some clients bind values where a block takes none.
 */
async function takesBlocks(connection: MysqlConnection): Promise<boolean> {
  try {
    const [row] = (await connection.tryBlock<BlockRow>(TRIAL)) ?? [];
    return row?.at === 1;
  } catch {
    // If it was for another reason, opening fails for that soon.
    return false;
  }
}

/**
 * Looks at the tables: a server that does not know InnoDB may have made them in an engine without transactions.
 *
 * @throws SagaConfigurationError
 */
export async function checkEngines(connection: MysqlConnection): Promise<void> {
  const { tables } = connection;
  const { heads, log, requests, workers } = sagaTables(tables.prefix);
  const others = await connection.allOnce<{ name: string; engine: string }>(
    SELECT_ENGINES,
    tables.database ?? null,
    heads,
    log,
    requests,
    workers,
  );
  if (others.length === 0) return;
  throw unfit(
    others.map(
      ({ name, engine }) =>
        `the table ${name} is of the engine ${engine}, which has no transactions: ALTER TABLE ${name} ENGINE = InnoDB`,
    ),
  );
}

function tooOld(version: string): readonly string[] {
  const server = serverVersion(version);
  const oldest = OLDEST[server.kind];
  if (isFrom(server, oldest)) return [];
  return [`the server is ${server.kind} ${version}, and ${oldest.join('.')} is the oldest that will do`];
}

/** At READ COMMITTED, InnoDB refuses every write that would be told to replicas as a statement (error 1665). */
function tellsStatements(settings: readonly Setting[]): readonly string[] {
  const valueOf = (name: string): string | undefined =>
    settings.find((setting) => setting.Variable_name.toLowerCase() === name)?.Value.toUpperCase();
  if (valueOf('log_bin') !== 'ON' || valueOf('binlog_format') !== 'STATEMENT') return [];
  return [
    'the server writes statements into its binary log (binlog_format = STATEMENT), and refuses those of READ COMMITTED transactions then ' +
      '(1665): set binlog_format = ROW, or MIXED, on the server',
  ];
}

function isOn(value: number): boolean {
  return value !== 0;
}

function unfit(mistakes: readonly string[]): SagaConfigurationError {
  return new SagaConfigurationError(mistakes.map((text) => `MysqlSagaStorage: ${text}.`));
}
