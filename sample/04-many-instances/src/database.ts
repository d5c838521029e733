import { Pool } from 'pg';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { DATABASE_URL, SCHEMA } from '../../postgres-schema.js';

export function openPool(): Pool {
  return new Pool({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5_000 });
}

export function sagaStorage(pool: Pool): PostgresSagaStorage {
  return new PostgresSagaStorage({ client: pool, schema: SCHEMA });
}
