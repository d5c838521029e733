import type { Pool, PoolConnection } from 'mysql2/promise';
import type { OrderStep } from '../order-saga.js';
import { FLOOR_WORKER, type AppendRow, type FloorRow } from './order-log.js';

/** While the server makes one batch durable, the next one is on its way. */
const BATCHES_UNDER_WAY = 2;

/**
 * The tables of the floor: the log, and a head by which recovery finds sagas of workers that are gone. No index beyond the primary keys but
 * the one for that.
 */
export async function createFloorTables(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE TABLE heads (
      id VARBINARY(255) PRIMARY KEY, name VARCHAR(255) NOT NULL, status VARCHAR(32) NOT NULL, worker VARBINARY(255), error LONGTEXT,
      created_at DATETIME(3) NOT NULL, updated_at DATETIME(3) NOT NULL, plan_hash VARCHAR(64) NOT NULL, plan LONGTEXT NOT NULL,
      KEY unfinished (worker)
    ) ENGINE = InnoDB CHARACTER SET utf8mb4`);
  await pool.query(`
    CREATE TABLE log (
      saga_id VARBINARY(255) NOT NULL, version INT NOT NULL, write_id VARBINARY(255) NOT NULL, worker VARBINARY(255) NOT NULL,
      at DATETIME(3) NOT NULL, first_seq INT NOT NULL, last_seq INT NOT NULL, entries LONGTEXT NOT NULL, context LONGTEXT,
      PRIMARY KEY (saga_id, version)
    ) ENGINE = InnoDB CHARACTER SET utf8mb4`);
}

interface Waiting {
  readonly row: FloorRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Rows that meet are written together: by one INSERT, which commits on its own, if they only add to the log, else in one
 * transaction. A head comes in only where its id is free, a row only where its version is; a batch that finds a place taken is
 * written row by row, so that only whoever is late is told so.
 */
export function inMysqlGroups(pool: Pool, steps: readonly OrderStep[]): AppendRow {
  const plan = JSON.stringify(steps.map(({ name }) => ({ step: name, kind: 'compensatable' })));
  let waiting: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || waiting.length === 0 || underWay === BATCHES_UNDER_WAY) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void commit();
    });
  };
  const write = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await writeTogether(pool, { rows: batch.map(({ row }) => row), plan });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length > 1) for (const one of batch) await write([one]);
      else batch[0]!.reject(error);
    }
  };
  const commit = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    underWay++;
    await write(batch);
    underWay--;
    schedule();
  };
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      schedule();
    });
}

const STATUS = { turned: 'COMPENSATING', completed: 'COMPLETED', failed: 'FAILED' } as const;

interface Batch {
  readonly rows: readonly FloorRow[];
  readonly plan: string;
}

async function writeTogether(pool: Pool, { rows, plan }: Batch): Promise<void> {
  if (rows.every(({ changes }) => changes === undefined)) return insertRows(pool, rows);
  const connection = await pool.getConnection();
  try {
    await connection.query('START TRANSACTION');
    await insertHeads(
      connection,
      rows.filter(({ changes }) => changes === 'created'),
      plan,
    );
    await insertRows(connection, rows);
    for (const [change, status] of Object.entries(STATUS)) {
      const changed = rows.filter(({ changes }) => changes === change);
      await changeHeads(connection, changed, status);
    }
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release();
  }
}

async function insertRows(connection: Pool | PoolConnection, rows: readonly FloorRow[]): Promise<void> {
  const places = rows.map(() => '(?, ?, ?, ?, UTC_TIMESTAMP(3), ?, ?, ?, ?)').join();
  await connection.query(
    `INSERT INTO log (saga_id, version, write_id, worker, at, first_seq, last_seq, entries, context) VALUES ${places}`,
    rows.flatMap(({ sagaId, version, writeId, firstSeq, lastSeq, entries, context }) => [
      sagaId,
      version,
      writeId,
      FLOOR_WORKER,
      firstSeq,
      lastSeq,
      entries,
      context,
    ]),
  );
}

async function insertHeads(connection: PoolConnection, rows: readonly FloorRow[], plan: string): Promise<void> {
  if (rows.length === 0) return;
  const places = rows
    .map(() => `(?, 'order', 'RUNNING', ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), '0123456789abcdef', ?)`)
    .join();
  await connection.query(
    `INSERT INTO heads (id, name, status, worker, created_at, updated_at, plan_hash, plan) VALUES ${places}`,
    rows.flatMap(({ sagaId }) => [sagaId, FLOOR_WORKER, plan]),
  );
}

async function changeHeads(connection: PoolConnection, rows: readonly FloorRow[], status: string): Promise<void> {
  if (rows.length === 0) return;
  const [first] = rows;
  const sets = [
    'status = ?, updated_at = UTC_TIMESTAMP(3)',
    ...(status === 'COMPENSATING' ? [] : ['worker = NULL']),
    ...(first?.error === undefined ? [] : [`error = CASE id ${rows.map(() => 'WHEN ? THEN ?').join(' ')} END`]),
  ];
  const errors = rows.flatMap(({ sagaId, error }) => (error === undefined ? [] : [sagaId, error]));
  const ids = rows.map(({ sagaId }) => sagaId);
  await connection.query(`UPDATE heads SET ${sets.join(', ')} WHERE id IN (?)`, [status, ...errors, ids]);
}
