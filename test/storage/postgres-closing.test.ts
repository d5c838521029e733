import { expect, it } from '@jest/globals';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import type { Pool, PoolClient } from 'pg';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

await whereThereIsPostgres('PostgresSagaStorage when it closes', () => {
  it('hears of no lost connection any more, neither from the pool nor from what it has lent', async () => {
    const schema = await PostgresSchema.create();
    const pool = schema.pool({ max: 4 });
    const before = await pool.connect();
    const listeners = () => [poolListeners(pool), errorListeners(before)];
    try {
      const unheard = listeners();
      const storage = new PostgresSagaStorage({ client: pool, listener: false });
      await storage.open();
      const meanwhile = await pool.connect();
      try {
        expect(errorListeners(meanwhile)).toBeGreaterThan(errorListeners(before));
        await storage.close();
        expect(errorListeners(meanwhile)).toBe(errorListeners(before));
      } finally {
        meanwhile.release();
      }
      expect(listeners()).toEqual(unheard);
      const again = await pool.connect();
      expect(errorListeners(again)).toBe(errorListeners(before));
      again.release();
    } finally {
      before.release();
      await schema.drop();
    }
  });
});

function poolListeners(pool: Pool): readonly unknown[] {
  return ['error', 'acquire', 'release'].map((event) => pool.listenerCount(event));
}

function errorListeners(connection: PoolClient): number {
  return connection.listenerCount('error');
}
