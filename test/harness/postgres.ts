import { afterAll, beforeAll } from '@jest/globals';
import type { Pool } from 'pg';
import {
  PostgresSagaStorage,
  type PostgresClientEvents,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresStatement,
} from 'nest-saga/postgres';
import { NOW } from '../../lib/storage/postgres/database-clock.js';
import { migrationsFor } from '../../lib/storage/postgres/migrations.js';
import { postgresTables } from '../../lib/storage/postgres/postgres-tables.js';
import type { HarnessedStorage, StorageHarness, TransactionHarness } from '../contract/storage-harness.js';
import { PostgresSchema } from './postgres-schema.js';

/** Of each pool of a {@link PostgresSchema}. */
const POOL_SIZE = 5;
/** Of the one that all peers share. */
const PEERS_SIZE = 20;

const TABLES = ['heads', 'log', 'requests', 'workers'] as const;

/** What the tests of a file share. */
interface File {
  readonly schema: PostgresSchema;
  readonly control: Pool;
  readonly storages: PostgresPool;
  readonly peers: PostgresPool;
}

/**
 * Storages of the contract suite, one after the other in a schema of this test file; no test of it cuts the power, so none waits
 * for the disk.
 */
export function postgresHarness(): StorageHarness {
  let file: File | undefined;
  beforeAll(async () => {
    file = await openFile();
  });
  afterAll(async () => {
    await file?.schema.drop();
  });
  return {
    listens: true,
    create: () => {
      if (file === undefined) throw new Error('The schema exists only while tests run.');
      return openHarnessed(file);
    },
    earlierVersions: migrationsFor(postgresTables({ schema: undefined, prefix: 'saga_' }))
      .slice(0, -1)
      .map(({ version, name }) => ({ name: `migration ${version} (${name})`, open: () => openEarlier(version) })),
  };
}

/** A schema as a release left it whose last migration was `version`. */
async function openEarlier(version: number): Promise<HarnessedStorage> {
  const file = await openFile();
  const migrations = migrationsFor(postgresTables({ schema: undefined, prefix: 'saga_' }));
  for (const { sql } of migrations.slice(0, version)) await file.control.query(sql);
  await file.control.query(OLD_SAGAS);
  const harnessed = await openHarnessed(file);
  return {
    ...harnessed,
    async dispose() {
      await harnessed.dispose();
      await file.schema.drop();
    },
  };
}

/** The sagas that the contract wants to find, as the first release wrote them. */
const OLD_SAGAS = `
  INSERT INTO saga_heads (id, name, definition_version, status, worker, created_at, updated_at, plan_hash, plan) VALUES
    ('old-running', 'OrderSaga', 1, 'RUNNING', 'worker-old', to_timestamp(1700000000), to_timestamp(1700000000), 'hash-1',
      '[{"step":"reserve","kind":"compensatable"},{"step":"charge","kind":"compensatable"}]'),
    ('old-completed', 'OrderSaga', 1, 'COMPLETED', NULL, to_timestamp(1700000000), to_timestamp(1700000000.002), 'hash-1', '[]');
  INSERT INTO saga_log (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context) VALUES
    ('old-running', 1, 1, 'write-1', 'worker-old', to_timestamp(1700000000), 1, 2,
      '[{"event":"created"},{"event":"started","step":"reserve","phase":"act","attempt":1}]',
      '{"orderId":"o-1","text":"first"}'),
    ('old-completed', 1, 1, 'write-2', 'worker-old', to_timestamp(1700000000), 1, 2,
      '[{"event":"created"},{"event":"completed"}]', '{}'),
    ('old-running', 2, 1, 'write-3', 'worker-old', to_timestamp(1700000000.001), 3, 4,
      '[{"event":"completed","step":"reserve","phase":"act","attempt":1,"result":{"reservation":"r-1"}},{"event":"started","step":"charge","phase":"act","attempt":1}]',
      '{"orderId":"o-1","text":"käse 🧀"}')`;

async function openFile(): Promise<File> {
  const schema = await PostgresSchema.create('-c synchronous_commit=off');
  const control = schema.pool();
  await control.query('CREATE TABLE test_notes (text text NOT NULL)');
  await control.query(`CREATE TABLE test_clock AS SELECT interval '0' AS ahead`);
  const poolOfStorages = (max: number): PostgresPool => {
    const pool = schema.pool({ max, application_name: nameOfStorages(schema) });
    // It outlives the storages, which leave it to its owner: what is cut while one is open may be told when it is closed.
    pool.on('error', () => undefined);
    return onMovedClock(pool);
  };
  return {
    schema,
    control,
    storages: poolOfStorages(20),
    peers: poolOfStorages(PEERS_SIZE),
  };
}

async function openHarnessed({ schema, control, storages, peers }: File): Promise<HarnessedStorage> {
  const opened: PostgresSagaStorage[] = [];
  const open = async (client: PostgresPool, poolSize?: number) => {
    const storage = new PostgresSagaStorage({ client, ...(poolSize !== undefined && { poolSize }) });
    await storage.open();
    opened.push(storage);
    return storage;
  };
  return {
    storage: await open(storages),
    peer: () => open(peers, PEERS_SIZE),
    async advance(ms) {
      await control.query(`UPDATE test_clock SET ahead = ahead + $1 * interval '1 millisecond'`, [ms]);
    },
    async corrupt(id, how) {
      const damage = how === 'damaged' ? `entries = '"damaged"'` : 'format = 1000';
      await control.query(
        `UPDATE saga_log SET ${damage}
         WHERE saga_id = $1 AND version = (SELECT max(version) FROM saga_log WHERE saga_id = $1)`,
        [id],
      );
    },
    async cutListeners() {
      const { rowCount } = await control.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query ~ $2`,
        [nameOfStorages(schema), '^LISTEN|pg_advisory_lock_shared|^SELECT 1$'],
      );
      if (rowCount === 0) throw new Error('Nobody listens.');
    },
    transactions: transactionsOf(storages, control),
    async dispose() {
      for (const storage of opened) await storage.close();
      for (const table of TABLES) await control.query(`DELETE FROM saga_${table}`);
      await control.query(`UPDATE test_clock SET ahead = '0'; DELETE FROM test_notes`);
    },
  };
}

/** By this the server knows their connections; it cuts longer names off. */
function nameOfStorages({ name }: PostgresSchema): string {
  return `storages ${name}`.slice(0, 63);
}

function transactionsOf(client: PostgresPool, control: Pool): TransactionHarness {
  const run = (handle: unknown, text: string, values: string[] = []) =>
    (handle as PostgresPoolClient).query({ text, values });
  return {
    async begin() {
      const handle = await control.connect();
      await handle.query('BEGIN');
      const end = async (verb: string) => {
        await handle.query(verb);
        handle.release();
      };
      return { handle, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
    },
    async note(handle, text) {
      await run(handle, 'INSERT INTO test_notes (text) VALUES ($1)', [text]);
    },
    async notes() {
      const { rows } = await control.query<{ text: string }>('SELECT text FROM test_notes');
      return rows.map(({ text }) => text);
    },
    async collide(handle) {
      await run(handle, `DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$`);
    },
    async failUnseen(handle) {
      await run(handle, 'SELECT 1 / 0').catch(() => undefined);
    },
    async commitItself(handle) {
      await run(handle, 'COMMIT');
    },
    strangers: [undefined, null, 1, 'BEGIN', {}, client, control, withoutTransaction(control)],
    atOnce: POOL_SIZE - 4,
  };
}

/** A connection on which nobody has said BEGIN; each statement takes one of the pool's. */
function withoutTransaction(pool: Pool): Pick<PostgresPoolClient, 'query'> {
  return { query: (statement) => pool.query(statement) };
}

/** The clock is an expression in SQL; here one that is ahead of it by what the tests say, for every connection to the schema. */
function onMovedClock(pool: Pool): PostgresPool {
  const moved = (statement: PostgresStatement): PostgresStatement => ({
    ...statement,
    text: statement.text.replaceAll(NOW, `(${NOW} + (SELECT ahead FROM test_clock))`),
  });
  return {
    query: (statement) => pool.query(moved(statement)),
    async connect() {
      const client = await pool.connect();
      return {
        query: (statement) => client.query(moved(statement)),
        release: (error) => client.release(error),
        on: client.on.bind(client),
        off: client.off.bind(client) as PostgresClientEvents,
      };
    },
  };
}
