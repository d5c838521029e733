import { Client } from 'pg';

/** The server at `DATABASE_URL`, else the one that `compose.yaml` starts. */
export const DATABASE_URL = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The schema of this run, so that it meets nothing of an earlier one; the other processes of a sample get it from the first. */
export const SCHEMA = process.env['SAGA_SCHEMA'] ?? `nest_saga_sample_${Date.now()}`;

/** Makes an empty schema; says what to do where there is no server. */
export async function makeSchema(): Promise<boolean> {
  try {
    await run(`CREATE SCHEMA ${SCHEMA}`);
    return true;
  } catch (error) {
    console.error(`
  This sample needs a PostgreSQL server, and cannot use one at ${new URL(DATABASE_URL).host}:
  ${String(error)}

  With Docker:     docker compose up --detach --wait postgres
  Without it:      export DATABASE_URL="$(scripts/services/postgres start)"
  One of yours:    export DATABASE_URL=postgres://user:password@host:5432/database

  The sample makes a schema of its own there, and drops it at its end.
`);
    return false;
  }
}

export function dropSchema(): Promise<void> {
  return run(`DROP SCHEMA ${SCHEMA} CASCADE`);
}

async function run(statement: string): Promise<void> {
  const client = new Client({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}
