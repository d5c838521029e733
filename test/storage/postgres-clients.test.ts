import { describe, expect, it } from '@jest/globals';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { CONNECTIONS } from '../harness/client-library.js';
import { CLIENT_LIBRARIES } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';
import { describeOnClient } from './describe-on-client.js';

await whereThereIsPostgres('PostgresSagaStorage on the clients of other libraries', () => {
  describe.each(CLIENT_LIBRARIES)('PostgresSagaStorage on $name', (library) => {
    const file = describeOnClient({
      library,
      collision: `DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$`,
      openPlace: () => PostgresSchema.create('-c synchronous_commit=off'),
      storageOn: (client) => new PostgresSagaStorage({ client, poolSize: CONNECTIONS }),
      peerOn: (schema) => schema.storage(),
      async makeOlder(schema, ms) {
        const earlier = (column: string) => `${column} = ${column} - interval '${ms} milliseconds'`;
        await schema.query(`UPDATE saga_workers SET ${earlier('expires_at')}`);
        await schema.query(`UPDATE saga_log SET ${earlier('at')}`);
        await schema.query(`UPDATE saga_heads SET ${['due_at', 'created_at', 'updated_at'].map(earlier).join(', ')}`);
      },
      async corrupt(schema, id, damage) {
        await schema.query(
          `UPDATE saga_log SET ${damage}
           WHERE saga_id = $1 AND version = (SELECT max(version) FROM saga_log WHERE saga_id = $1)`,
          [id],
        );
      },
    });

    it('keeps to the schema and the prefix that are asked for', async () => {
      const { place, connected } = file();
      const schema = `${place.name}_own`;
      try {
        const storage = new PostgresSagaStorage({ client: connected.client, schema, tablePrefix: 'shop_' });
        await storage.open();
        await storage.close();
        expect(await connected.query(`SELECT id FROM ${schema}.shop_heads`)).toEqual([]);
      } finally {
        await place.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      }
    });
  });
});
