import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { HandlerCall, Movement, TransferOrder } from './bank.js';

/** The server at `DATABASE_URL`, else the one that `compose.yaml` starts. */
const DATABASE_URL = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The schema of this run, so that it meets nothing of an earlier one; workers get it from the process that starts them. */
export const SCHEMA = process.env['SAGA_SCHEMA'] ?? `nest_saga_sample_${Date.now()}`;

const NO_SERVER = `
  This sample needs a PostgreSQL server, and there is none at ${new URL(DATABASE_URL).host}.

  With Docker:     docker compose up --detach --wait postgres
  Without it:      export DATABASE_URL="$(scripts/services/postgres start)"
  One of yours:    export DATABASE_URL=postgres://user:password@host:5432/database

  The sample makes a schema of its own there, and drops it at its end.
`;

/** The tables of the application and those of the sagas are in one database: that is what makes one commit of two writes. */
export function dataSource(): DataSource {
  return new DataSource({
    type: 'postgres',
    url: DATABASE_URL,
    schema: SCHEMA,
    entities: [Movement, TransferOrder, HandlerCall],
  });
}

/** Makes an empty schema; says what to do where there is no server. */
export async function makeSchema(): Promise<boolean> {
  try {
    await asOwner(`CREATE SCHEMA ${SCHEMA}`);
    return true;
  } catch (error) {
    console.error(`${NO_SERVER}\n  (${String(error)})`);
    return false;
  }
}

export function dropSchema(): Promise<void> {
  return asOwner(`DROP SCHEMA ${SCHEMA} CASCADE`);
}

async function asOwner(statement: string): Promise<void> {
  const client = new Client({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}
