import type { RowDataPacket } from 'mysql2/promise';
import type { StorageLocation } from './process-storage.js';

/** What a step of a test writes through its own transaction. */
export interface ApplicationRow {
  readonly sagaId: string;
  readonly step: string;
  readonly phase: string;
  readonly attempt: number;
}

const CREATE = `CREATE TABLE application_rows
  (saga_id varchar(200) NOT NULL, step varchar(40) NOT NULL, phase varchar(20) NOT NULL, attempt integer NOT NULL)`;
const READ = `SELECT saga_id AS "sagaId", step, phase, attempt FROM application_rows`;

/** Whether a storage lends its transactions to the application. */
export function sharesTransactions({ storage }: StorageLocation): boolean {
  return storage === 'postgres' || storage === 'mysql';
}

/** Makes the table of an application beside the tables of the sagas. */
export async function createApplicationTable(location: StorageLocation): Promise<void> {
  await query(location, CREATE);
}

/** All rows that are committed, in no order. */
export async function applicationRows(location: StorageLocation): Promise<readonly ApplicationRow[]> {
  return query(location, READ);
}

/** Writes a row with what the storage's client has handed out: a connection of `pg` or of `mysql2`. */
export async function writeApplicationRow(
  storage: StorageLocation['storage'],
  transaction: unknown,
  { sagaId, step, phase, attempt }: ApplicationRow,
): Promise<void> {
  const places = storage === 'postgres' ? '$1, $2, $3, $4' : '?, ?, ?, ?';
  const connection = transaction as { query(text: string, values: readonly unknown[]): Promise<unknown> };
  await connection.query(`INSERT INTO application_rows (saga_id, step, phase, attempt) VALUES (${places})`, [
    sagaId,
    step,
    phase,
    attempt,
  ]);
}

async function query(location: StorageLocation, sql: string): Promise<readonly ApplicationRow[]> {
  switch (location.storage) {
    case 'postgres': {
      const { Client } = await import('pg');
      const client = new Client({ ...location.server, options: `-c search_path=${location.schema}` });
      await client.connect();
      try {
        return (await client.query<ApplicationRow>(sql)).rows;
      } finally {
        await client.end();
      }
    }
    case 'mysql': {
      const { createConnection } = await import('mysql2/promise');
      const connection = await createConnection(location.server);
      try {
        const [rows] = await connection.query<RowDataPacket[]>(sql.replaceAll('"', '`'));
        return rows as unknown as readonly ApplicationRow[];
      } finally {
        await connection.end();
      }
    }
    case 'sqlite':
    case 'redis':
      throw new Error(`${location.storage} shares no transactions.`);
  }
}
