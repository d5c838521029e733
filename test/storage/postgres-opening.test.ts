import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresSagaStorage, type PostgresStorageOptions } from 'nest-saga/postgres';
import { Pool } from 'pg';
import { times } from '../contract/storage-under-test.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { serverConfig, whereThereIsPostgres } from '../harness/postgres-server.js';

await whereThereIsPostgres('Opening PostgresSagaStorage', () => {
  let schema: PostgresSchema;
  beforeEach(async () => {
    schema = await PostgresSchema.create();
  });
  afterEach(() => schema.drop());

  async function tablesOf(name = schema.name): Promise<string[]> {
    const sql = `SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY table_name`;
    return (await schema.query<{ table_name: string }>(sql, [name])).map((row) => row.table_name);
  }

  describe('migrations', () => {
    it('run once, although ten replicas start at once', async () => {
      const storages = times(10, () => schema.storage({ client: schema.pool({ max: 2 }) }));
      await Promise.all(storages.map((storage) => storage.open()));
      for (const storage of storages) expect(await storage.load('none')).toBeUndefined();
      expect(await schema.query('SELECT version, name FROM saga_migrations')).toEqual([
        { version: 1, name: 'sagas' },
        { version: 2, name: 'missing-handlers' },
        { version: 3, name: 'fair-claims' },
        { version: 4, name: 'listed-by-name' },
      ]);
    });

    it('make the schema that is asked for, once, although ten replicas start at once', async () => {
      const name = `${schema.name} "Own"`;
      const client = schema.pool({ max: 10 });
      try {
        const storages = times(10, () => schema.storage({ client, schema: name }));
        await Promise.all(storages.map((storage) => storage.open()));
        expect(await tablesOf(name)).toHaveLength(5);
        expect(await tablesOf()).toEqual([]);
        expect(await storages[0]!.load('none')).toBeUndefined();
      } finally {
        await schema.query(`DROP SCHEMA IF EXISTS "${name.replaceAll('"', '""')}" CASCADE`);
      }
    });

    it('wait for a replica that runs them just now', async () => {
      const storage = schema.storage();
      const other = await schema.pool().connect();
      await other.query('BEGIN');
      await other.query(`SELECT pg_advisory_xact_lock(hashtextextended('nest-saga saga_migrations', 0))`);
      const opened = storage.open();
      for (const { sql } of storage.migrations()) await other.query(sql);
      await other.query('COMMIT');
      other.release();
      await opened;
      expect(await storage.load('none')).toBeUndefined();
    });

    it('leave nothing behind when they fail', async () => {
      await schema.query('CREATE TABLE saga_workers (id text)');
      await expect(schema.storage().open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE' });
      expect(await tablesOf()).toEqual(['saga_workers']);
    });

    it('of a newer release are refused, and nothing is changed', async () => {
      await schema.storage().open();
      await schema.query(`INSERT INTO saga_migrations (version, name) VALUES (1000, 'later')`);
      for (const migrate of [true, false]) {
        await expect(schema.storage({ migrate }).open()).rejects.toMatchObject({
          code: 'SAGA_STORAGE_VERSION',
          found: 1000,
          message: expect.stringContaining('at migration 1000'),
        });
      }
    });

    it('are named with `migrate: false` where they are missing, and no table is made', async () => {
      await expect(schema.storage({ migrate: false }).open()).rejects.toMatchObject({
        code: 'SAGA_STORAGE_NOT_MIGRATED',
        missing: [1, 2, 3, 4],
      });
      expect(await tablesOf()).toEqual([]);
    });

    it('are printed for other tools', async () => {
      const storage = schema.storage({ migrate: false });
      for (const { sql } of storage.migrations()) await schema.query(`BEGIN; ${sql} COMMIT;`);
      await storage.open();
      expect(await storage.load('none')).toBeUndefined();
    });
  });

  describe('tables', () => {
    it('come under the prefix that is given, beside others', async () => {
      await schema.query('CREATE TABLE orders (id text)');
      await schema.storage({ tablePrefix: 'shop_' }).open();
      expect(await tablesOf()).toEqual([
        'orders',
        'shop_heads',
        'shop_log',
        'shop_migrations',
        'shop_requests',
        'shop_workers',
      ]);
    });

    it('are made and used in the first schema of the search path, whatever a later one has', async () => {
      const later = await schema.subject();
      await later.create();
      const first = `${schema.name}_first`;
      await schema.query(`CREATE SCHEMA ${first}`);
      try {
        const client = schema.pool({ options: `-c search_path=${first},${schema.name}` });
        await expect(schema.storage({ client, migrate: false }).open()).rejects.toMatchObject({
          missing: [1, 2, 3, 4],
        });
        const subject = await schema.subject({ client });
        expect(await tablesOf(first)).toHaveLength(5);
        expect(await subject.storage.load('saga-1')).toBeUndefined();
        expect(await subject.create()).toMatchObject({ outcome: 'created' });
      } finally {
        await schema.query(`DROP SCHEMA ${first} CASCADE`);
      }
    });

    it('keep sagas under different prefixes apart', async () => {
      const client = schema.pool();
      const one = await schema.subject({ client, tablePrefix: 'one_' });
      const two = await schema.subject({ client, tablePrefix: 'two_' });
      await one.create();
      expect(await two.storage.load('saga-1')).toBeUndefined();
    });

    it('are found by a user who may only read and write them', async () => {
      await schema.storage().open();
      const role = schema.name;
      await schema.query(`CREATE ROLE ${role} LOGIN`);
      try {
        await schema.query(`GRANT USAGE ON SCHEMA ${schema.name} TO ${role}`);
        await schema.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema.name} TO ${role}`);
        const client = schema.pool({ options: `-c search_path=${schema.name} -c role=${role}` });
        const subject = await schema.subject({ client });
        await subject.create();
        expect(await subject.request()).toBe('stored');
        await subject.write('saga-1', { head: { status: 'COMPENSATING' } });
        expect(await subject.claimedIds()).toEqual(['saga-1']);
      } finally {
        await schema.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });
  });

  describe('tells what is wrong', () => {
    const mistake = (text: string) => ({
      code: 'SAGA_CONFIGURATION',
      mistakes: [expect.stringContaining(`PostgresSagaStorage: ${text}`)],
    });

    it('with a database that does not exist', async () => {
      const client = schema.pool({ ...serverConfig, database: 'no_such_database' });
      await expect(schema.storage({ client }).open()).rejects.toMatchObject(
        mistake('the database that the client asks for does not exist (3D000)'),
      );
    });

    it('with a user that does not exist', async () => {
      const client = schema.pool({ ...serverConfig, user: 'no_such_user' });
      await expect(schema.storage({ client }).open()).rejects.toMatchObject(
        mistake('the server refuses the user or the password of the client (28'),
      );
    });

    it('with a search path that leads nowhere', async () => {
      const client = schema.pool({ options: '-c search_path=no_such_schema' });
      await expect(schema.storage({ client }).open()).rejects.toMatchObject(
        mistake('there is no schema for the tables: create it, set `schema`'),
      );
    });

    it('with a user who may not create tables', async () => {
      const role = schema.name;
      await schema.query(`CREATE ROLE ${role} LOGIN`);
      await schema.query(`GRANT USAGE ON SCHEMA ${schema.name} TO ${role}`);
      try {
        const client = schema.pool({ options: `-c search_path=${schema.name} -c role=${role}` });
        await expect(schema.storage({ client }).open()).rejects.toMatchObject(mistake('the user lacks a right'));
      } finally {
        await schema.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });

    it.each([
      ['no tables yet', async () => undefined],
      ['all tables there', async () => schema.storage().open()],
    ])('with connections for reading only, %s', async (_tables, prepare) => {
      await prepare();
      const client = schema.pool({ options: `-c search_path=${schema.name} -c default_transaction_read_only=on` });
      for (const migrate of [true, false]) {
        await expect(schema.storage({ client, migrate }).open()).rejects.toMatchObject(
          mistake('the client is connected for reading only'),
        );
      }
    });

    it.each([
      ['120022', '12.22', 'UTF8', false, 'the server is PostgreSQL 12.22, and 13 is the oldest'],
      ['160000', '16.0', 'SQL_ASCII', false, 'the database is encoded in SQL_ASCII'],
      ['160000', '16.0', 'UTF8', true, 'the server is a standby'],
    ])('with a server of number %s, %s, %s, standby: %s', async (number, version, encoding, standby, text) => {
      const rows = [{ number: Number(number), version, encoding, standby }];
      const client = { query: async () => ({ rows }), transaction: async () => Promise.reject(new Error('unused')) };
      await expect(new PostgresSagaStorage({ client }).open()).rejects.toMatchObject(mistake(text));
    });

    it('with a server that is not there, and opens once it is', async () => {
      const client = schema.pool({ ...serverConfig, host: '127.0.0.1', port: 1 });
      await expect(schema.storage({ client }).open()).rejects.toMatchObject({
        code: 'SAGA_STORAGE_UNAVAILABLE',
        reason: 'failed',
        cause: { code: 'ECONNREFUSED' },
      });
    });
  });

  it('refuses to work before it is open and after it is closed', async () => {
    const storage = schema.storage();
    const closed = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'closed' };
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
    await storage.close();
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
  });

  it('writes what is queued before it closes, and leaves the client as it was', async () => {
    const client = schema.pool();
    const subject = await schema.subject({ client });
    expect(client.listenerCount('error')).toBe(1);
    const created = [1, 2, 3].map((number) => subject.create({ id: `saga-${number}` }));
    await subject.storage.close();
    expect((await client.query('SELECT count(*)::int AS sagas FROM saga_heads')).rows).toEqual([{ sagas: 3 }]);
    expect((await Promise.all(created)).map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created']);
    expect(client.listenerCount('error')).toBe(0);
  });

  it('takes another client than a pool, by two functions', async () => {
    const pool = schema.pool();
    const client: PostgresStorageOptions['client'] = {
      query: (sql, values) => pool.query(sql, values),
      async transaction(work) {
        const connection = await pool.connect();
        try {
          await connection.query('BEGIN');
          const result = await work((sql, values) => connection.query(sql, values), connection);
          await connection.query('COMMIT');
          return result;
        } finally {
          connection.release();
        }
      },
    };
    const subject = await schema.subject({ client });
    await subject.create();
    expect(await subject.claimedIds()).toEqual(['saga-1']);
  });

  it.each<[string, Partial<Record<keyof PostgresStorageOptions, unknown>>]>([
    ['client', { client: undefined }],
    ['client', { client: {} }],
    ['client', { client: { query: () => undefined } }],
    ['schema', { schema: '' }],
    ['schema', { schema: 'pg_temp' }],
    ['schema', { schema: 'x'.repeat(64) }],
    ['schema', { schema: 1 }],
    ['tablePrefix', { tablePrefix: '' }],
    ['tablePrefix', { tablePrefix: 'saga; DROP TABLE orders; --' }],
    ['tablePrefix', { tablePrefix: '1saga' }],
    ['tablePrefix', { tablePrefix: 'Saga_' }],
    ['tablePrefix', { tablePrefix: 'pg_' }],
    ['migrate', { migrate: 'no' }],
    ['poolSize', { poolSize: 0 }],
    ['poolSize', { poolSize: '5' }],
    ['answerTimeout', { answerTimeout: 0 }],
    ['answerTimeout', { answerTimeout: Infinity }],
    ['answerTimeout', { answerTimeout: '60s' }],
  ])('refuses a wrong %s: %j', (name, options) => {
    expect(() => new PostgresSagaStorage({ client: new Pool(), ...options } as PostgresStorageOptions)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`PostgresSagaStorage: \`${name}\``)],
      }),
    );
  });
});
