import { Pool } from 'pg';
import { PostgresSagaStorage } from 'nest-saga/postgres';

/** The server at `DATABASE_URL`, else the one that `compose.yaml` starts. */
export const DATABASE_URL = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The schema of this run, so that it meets nothing of an earlier one; the replicas get it from the process that starts them. */
export const SCHEMA = process.env['SAGA_SCHEMA'] ?? `nest_saga_sample_${Date.now()}`;

const NO_SERVER = `
  This sample needs a PostgreSQL server, and there is none at ${new URL(DATABASE_URL).host}.

  With Docker:     docker compose up --detach --wait postgres
  Without it:      export DATABASE_URL="$(scripts/services/postgres start)"
  One of yours:    export DATABASE_URL=postgres://user:password@host:5432/database

  The sample makes a schema of its own there, and drops it at its end.
`;

export function openPool(): Pool {
  return new Pool({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5_000 });
}

export function sagaStorage(pool: Pool): PostgresSagaStorage {
  return new PostgresSagaStorage({ client: pool, schema: SCHEMA });
}

/** Says what to do where there is no server. */
export async function isServerThere(pool: Pool): Promise<boolean> {
  try {
    await pool.query('SELECT 1');
    return true;
  } catch (error) {
    console.error(`${NO_SERVER}\n  (${String(error)})`);
    return false;
  }
}
