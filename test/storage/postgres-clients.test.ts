import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { describeClaims } from '../contract/claims.js';
import { describeCreation } from '../contract/creation.js';
import { describeFencing } from '../contract/fencing.js';
import { describeRequests } from '../contract/requests.js';
import type { StorageHarness } from '../contract/storage-harness.js';
import { useStorage, type StorageUnderTest } from '../contract/storage-under-test.js';
import { describeTransitions } from '../contract/transitions.js';
import { describeUnreadable } from '../contract/unreadable.js';
import { describeValues } from '../contract/values.js';
import { Effects, saga, startApplication, step } from '../e2e/application.js';
import { CLIENT_LIBRARIES, type ConnectedClient } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

/** What a library could spoil: transactions and locks, errors, bound values, the types of what comes back. */
const TOPICS: Readonly<Record<string, (subject: StorageUnderTest) => void>> = {
  creation: describeCreation,
  transitions: describeTransitions,
  fencing: describeFencing,
  claims: describeClaims,
  "operators' requests": describeRequests,
  values: describeValues,
  'unreadable sagas': describeUnreadable,
};

await whereThereIsPostgres('PostgresSagaStorage on the clients of other libraries', () => {
  describe.each(CLIENT_LIBRARIES)('PostgresSagaStorage on $name', (library) => {
    let schema: PostgresSchema;
    let connected: ConnectedClient;
    beforeAll(async () => {
      schema = await PostgresSchema.create('-c synchronous_commit=off');
      connected = await library.connect(schema);
    });
    afterAll(async () => {
      await connected.end();
      await schema.drop();
    });

    // The whole contract runs on `pg`, in a test of its own.
    if (library.name !== 'pg') {
      const harness = harnessOn(() => ({ schema, connected }));
      for (const [topic, describeTopic] of Object.entries(TOPICS)) {
        describe(topic, () => describeTopic(useStorage(harness)));
      }
    }

    it('runs and undoes sagas, which another client reads, and leaves the client open', async () => {
      const effects = new Effects();
      const reserve = step(effects, 'reserve', { act: async () => ({ reservation: 'r-1' }) });
      const Order = saga('Order', [reserve]);
      const Refused = saga('Refused', [
        reserve,
        step(effects, 'charge', { act: () => Promise.reject(new Error('no money')) }),
      ]);
      const storage = new PostgresSagaStorage({ client: connected.client });
      const app = await startApplication([Order, Refused], { storage });
      expect(await app.runner.run(Order, { text: 'käse 🧀' }, { id: 'done' })).toEqual({ text: 'käse 🧀' });
      await expect(app.runner.run(Refused, {}, { id: 'undone' })).rejects.toThrow('no money');
      expect(effects.log).toEqual(['reserve', 'reserve', 'charge', '-reserve']);
      await app.close();

      const rows = await connected.query('SELECT id, status FROM saga_heads ORDER BY id');
      expect(rows).toEqual([
        { id: 'done', status: 'COMPLETED' },
        { id: 'undone', status: 'FAILED' },
      ]);
      const peer = schema.storage();
      await peer.open();
      expect((await peer.load('done'))?.record).toMatchObject({
        status: 'COMPLETED',
        context: { text: 'käse 🧀' },
      });
      expect((await peer.history('undone')).map(({ event }) => event)).toContain('compensating');
    });

    it('keeps to the schema and the prefix that are asked for', async () => {
      const name = `${schema.name}_own`;
      try {
        const storage = new PostgresSagaStorage({ client: connected.client, schema: name, tablePrefix: 'shop_' });
        await storage.open();
        await storage.close();
        expect(await connected.query(`SELECT count(*)::int AS sagas FROM ${name}.shop_heads`)).toEqual([{ sagas: 0 }]);
      } finally {
        await schema.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
      }
    });
  });
});

/** Storages of the contract's tests, one after the other, all on one client. */
function harnessOn(
  file: () => { readonly schema: PostgresSchema; readonly connected: ConnectedClient },
): StorageHarness {
  return {
    async create() {
      const { schema, connected } = file();
      const opened: PostgresSagaStorage[] = [];
      const open = async () => {
        const storage = new PostgresSagaStorage({ client: connected.client });
        await storage.open();
        opened.push(storage);
        return storage;
      };
      return {
        storage: await open(),
        peer: open,
        // Moves what is stored, instead of the clock.
        async advance(ms) {
          const earlier = (column: string) => `${column} = ${column} - interval '${ms} milliseconds'`;
          await schema.query(`UPDATE saga_workers SET ${earlier('expires_at')}`);
          await schema.query(`UPDATE saga_log SET ${earlier('at')}`);
          const columns = ['due_at', 'created_at', 'updated_at'];
          await schema.query(`UPDATE saga_heads SET ${columns.map(earlier).join(', ')}`);
        },
        async corrupt(id, how) {
          const damage = how === 'damaged' ? `entries = '"damaged"'` : 'format = 1000';
          await schema.query(
            `UPDATE saga_log SET ${damage}
             WHERE saga_id = $1 AND version = (SELECT max(version) FROM saga_log WHERE saga_id = $1)`,
            [id],
          );
        },
        async dispose() {
          for (const storage of opened) await storage.close();
          await schema.query(
            'DELETE FROM saga_heads; DELETE FROM saga_log; DELETE FROM saga_requests; DELETE FROM saga_workers',
          );
        },
      };
    },
  };
}
