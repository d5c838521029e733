import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool as createCallbackPool } from 'mysql2';
import { createPool, type Pool, type PoolOptions } from 'mysql2/promise';
import { MysqlSagaStorage, type MysqlClient, type MysqlStorageOptions } from 'nest-saga/mysql';
import { times } from '../contract/storage-under-test.js';
import { serverConfig } from '../harness/mysql-config.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

const AWKWARD = `käse 🧀 "double" 'single' \\ back\\'slash ? :name \u0000 '; DROP TABLE saga_heads; --`;

await whereThereIsMysql('Opening a MysqlSagaStorage', () => {
  let database: MysqlDatabase;
  beforeEach(async () => {
    database = await MysqlDatabase.create();
  });
  afterEach(() => database.drop());

  /** A user with a password and these rights on the database, dropped with `drop`. */
  async function user(rights: readonly string[]): Promise<{ pool: Pool; drop: () => Promise<void> }> {
    const name = `saga_${crypto.randomUUID().slice(0, 8)}`;
    await database.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'secret'`);
    for (const right of rights) await database.query(`GRANT ${right} TO ${name}@'%'`);
    const pool = database.pool({ user: name, password: 'secret' });
    const drop = async (): Promise<void> => {
      await database.query(`DROP USER ${name}@'%'`);
    };
    return { pool, drop };
  }

  const mistakes = (storage: MysqlSagaStorage): Promise<readonly string[]> =>
    storage.open().then(
      () => [],
      (error: unknown) => (error as { mistakes?: readonly string[] }).mistakes ?? [String(error)],
    );

  it('runs the migrations once when ten replicas start at the same time', async () => {
    const storages = times(10, () => database.storage({ client: database.pool({ connectionLimit: 2 }) }));
    await Promise.all(storages.map((storage) => storage.open()));
    expect(await database.query('SELECT version FROM saga_migrations')).toEqual([{ version: 1 }]);
  });

  it('finishes a migration that died in its middle', async () => {
    const [first = '', second = ''] = database.storage().migrations()[0]!.sql.split(';\n');
    for (const statement of [first, second]) await database.query(statement);
    const subject = await database.subject();
    expect(await subject.create()).toMatchObject({ outcome: 'created' });
  });

  it('prints migrations that another tool can run, and twice', async () => {
    const storage = database.storage({ migrate: false });
    await expect(storage.open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_NOT_MIGRATED' });
    for (const _ of [1, 2]) {
      for (const { sql } of storage.migrations()) {
        for (const statement of sql.split(';\n').filter((text) => text.trim() !== '')) await database.query(statement);
      }
    }
    await storage.open();
  });

  it('refuses tables of a newer release', async () => {
    await database.storage().open();
    await database.query(`INSERT INTO saga_migrations (version, name) VALUES (1000, 'later')`);
    await expect(database.storage().open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_VERSION' });
  });

  it('keeps sagas of two prefixes, and of two databases, apart', async () => {
    const other = await MysqlDatabase.create();
    try {
      const one = await database.subject();
      const two = await database.subject({ tablePrefix: 'other_' });
      const three = await database.subject({ database: other.name });
      await one.create();
      expect(await two.storage.load('saga-1')).toBeUndefined();
      expect(await three.storage.load('saga-1')).toBeUndefined();
      expect(await three.create()).toMatchObject({ outcome: 'created' });
    } finally {
      await other.drop();
    }
  });

  it('works with the least rights once the tables are there', async () => {
    await database.storage().open();
    const { name } = database;
    const { pool, drop } = await user([
      `SELECT ON ${name}.saga_migrations`,
      ...['heads', 'log', 'requests', 'workers'].map(
        (table) => `SELECT, INSERT, UPDATE, DELETE ON ${name}.saga_${table}`,
      ),
    ]);
    try {
      const subject = await database.subject({ client: pool });
      await subject.register('w2');
      await subject.create();
      await subject.request();
      expect(await subject.claimedIds()).toEqual(['saga-1']);
      await subject.write('saga-1', { head: { status: 'COMPLETED' }, knownRequests: ['request-1'] });
      expect(await subject.storage.prune({ olderThan: -1000 })).toBe(1);
    } finally {
      await drop();
    }
  });

  it('tells that a right is missing', async () => {
    const { pool, drop } = await user([`SELECT ON ${database.name}.*`]);
    try {
      expect(await mistakes(database.storage({ client: pool }))).toEqual([
        expect.stringMatching(/lacks a right.*1142/),
      ]);
    } finally {
      await drop();
    }
  });

  it.each<[string, PoolOptions, RegExp]>([
    ['a wrong password', { user: 'root', password: 'wrong' }, /refuses the user, the password/],
    ['a database that is not there', { database: 'nest_saga_nowhere' }, /does not exist/],
  ])('tells of %s', async (_, options, text) => {
    expect(await mistakes(database.storage({ client: database.pool(options) }))).toEqual([expect.stringMatching(text)]);
  });

  it('tells that no database is chosen', async () => {
    const { database: _, ...noDatabase } = serverConfig;
    const client = createPool(noDatabase);
    expect(await mistakes(new MysqlSagaStorage({ client }))).toEqual([expect.stringContaining('chosen no database')]);
    await client.end();
  });

  it('tells that tables are in an engine without transactions', async () => {
    await database.storage().open();
    await database.query('ALTER TABLE saga_workers ENGINE = MyISAM');
    expect(await mistakes(database.storage())).toEqual([expect.stringMatching(/saga_workers is of the engine MyISAM/)]);
  });

  it('tells that sessions do not commit by themselves', async () => {
    const client = database.pool({ connectionLimit: 1 });
    await client.query('SET autocommit = 0');
    expect(await mistakes(database.storage({ client }))).toEqual([expect.stringContaining('autocommit')]);
  });

  describe('tells of the server, by name and with what to do,', () => {
    const server = { version: '10.11.6-MariaDB', chosen: 'shop', read_only: 0, innodb_read_only: 0, autocommit: 1 };

    /** What only answers the questions about the server. */
    function clientOf(changes: object, { log_bin = 'ON', binlog_format = 'ROW' } = {}): MysqlClient {
      const settings = Object.entries({ log_bin, binlog_format });
      const answers = new Map<string, readonly unknown[]>([
        ['VERSION()', [{ ...server, packet: 16 * 1024 ** 2, ...changes }]],
        ['binlog_format', settings.map(([name, value]) => ({ Variable_name: name, Value: value }))],
      ]);
      return {
        async query(sql) {
          const [, rows] = [...answers].find(([asked]) => sql.includes(asked)) ?? [];
          if (rows === undefined) throw new Error('opened');
          return { rows, affectedRows: 0 };
        },
        transaction: () => Promise.reject(new Error('opened')),
      };
    }

    it.each<[string, object, { log_bin?: string; binlog_format?: string }, string]>([
      ['an old MariaDB', { version: '10.5.29-MariaDB' }, {}, 'the server is MariaDB 10.5.29-MariaDB, and 10.6 is the'],
      ['an old MariaDB, by its long name', { version: '5.5.5-10.4.1-MariaDB' }, {}, 'and 10.6 is the oldest'],
      ['an old MySQL', { version: '5.7.44-log' }, {}, 'the server is MySQL 5.7.44-log, and 8.0 is the oldest'],
      [
        'a replica',
        { read_only: 1 },
        {},
        'read-only (read_only, super_read_only or innodb_read_only): connect to the p',
      ],
      ['an engine that only reads', { innodb_read_only: 1 }, {}, 'connect to the primary server'],
      [
        'small packets',
        { packet: 1024 ** 2 },
        {},
        'max_allowed_packet is 1048576, and a context of one megabyte needs',
      ],
      ['a log of statements', {}, { binlog_format: 'STATEMENT' }, 'set binlog_format = ROW, or MIXED, on the server'],
    ])('%s', async (_, changes, settings, text) => {
      const storage = new MysqlSagaStorage({ client: clientOf(changes, settings) });
      await expect(storage.open()).rejects.toMatchObject({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(text)],
      });
    });

    it.each<[string, object, { log_bin?: string; binlog_format?: string }]>([
      ['the oldest MariaDB', { version: '5.5.5-10.6.0-MariaDB' }, {}],
      ['the oldest MySQL', { version: '8.0.11' }, {}],
      ['a log of rows where statements will not do', {}, { binlog_format: 'MIXED' }],
      ['no binary log', {}, { log_bin: 'OFF', binlog_format: 'STATEMENT' }],
    ])('and takes %s', async (_, changes, settings) => {
      const storage = new MysqlSagaStorage({ client: clientOf(changes, settings) });
      await expect(storage.open()).rejects.toMatchObject({ cause: { message: 'opened' } });
    });
  });

  it('reports a server that cannot be reached', async () => {
    const storage = database.storage({ client: database.pool({ port: 1 }) });
    await expect(storage.open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed' });
  });

  describe('a client with settings of its own', () => {
    it.each<[string, PoolOptions, string]>([
      ['rows as arrays', { rowsAsArray: true }, 'DO 0'],
      ['nothing cast', { typeCast: false }, 'DO 0'],
      ['a cast of its own', { typeCast: () => 'nonsense' }, 'DO 0'],
      ['large numbers as texts', { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true }, 'DO 0'],
      ['named placeholders', { namedPlaceholders: true }, 'DO 0'],
      ['another time zone', { timezone: '+05:45' }, `SET time_zone = '+05:45'`],
      ['the character set latin1', { charset: 'latin1_swedish_ci' }, 'DO 0'],
      ['ANSI quotes', {}, `SET sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'`],
      ['no backslash escapes', {}, `SET sql_mode = 'NO_BACKSLASH_ESCAPES'`],
      ['no mode at all', {}, `SET sql_mode = ''`],
      ['every transaction serializable', {}, 'SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE'],
    ])('keeps sagas as they came: %s', async (_, options, statement) => {
      const client = database.pool({ connectionLimit: 1, ...options });
      await client.query(statement);
      const subject = await database.subject({ client });
      await subject.register('w2');
      const id = `käse 🧀 'a' \\ "b" `;
      const [[before]] = [await database.query<{ now: number }>('SELECT UNIX_TIMESTAMP() AS now')];
      expect(await subject.create({ id, context: { AWKWARD } })).toMatchObject({ outcome: 'created' });
      expect(await subject.storage.load(id.trimEnd())).toBeUndefined();
      await subject.write(id, { head: { error: { name: 'E', message: `It's ${AWKWARD}` } } });
      expect(await subject.claimedIds()).toEqual([id]);
      const { record } = await subject.load(id);
      expect(record).toMatchObject({ id, context: { AWKWARD }, version: 3, error: { message: `It's ${AWKWARD}` } });
      expect(Math.abs(record.createdAt.getTime() / 1000 - Number(before?.now))).toBeLessThan(60);
      expect((await subject.storage.find({ error: '"DOUBLE"' })).items).toHaveLength(1);
    });

    it('takes a pool with callbacks', async () => {
      const client = createCallbackPool({ ...serverConfig, database: database.name });
      const subject = await database.subject({ client });
      expect(await subject.create()).toMatchObject({ outcome: 'created' });
      await client.promise().end();
    });

    it('refuses names that are too long, where the server would cut them off', async () => {
      const client = database.pool({ connectionLimit: 1 });
      await client.query(`SET sql_mode = ''`);
      const subject = await database.subject({ client });
      for (const saga of [{ id: 'x'.repeat(256) }, { name: 'x'.repeat(256) }, { definitionVersion: 2 ** 31 }]) {
        await expect(subject.create(saga)).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
      }
      expect(await subject.create({ id: '🧀'.repeat(127) })).toMatchObject({ outcome: 'created' });
    });
  });

  it.each<[string, Partial<Record<keyof MysqlStorageOptions, unknown>>]>([
    ['client', { client: undefined }],
    ['client', { client: createPool({ waitForConnections: false }) }],
    ['database', { database: '' }],
    ['tablePrefix', { tablePrefix: 'saga; DROP TABLE orders; --' }],
    ['tablePrefix', { tablePrefix: 'Saga_' }],
    ['migrate', { migrate: 'no' }],
    ['answerTimeout', { answerTimeout: 0 }],
    ['answerTimeout', { answerTimeout: Infinity }],
    ['answerTimeout', { answerTimeout: '60s' }],
  ])('refuses a wrong %s: %j', (name, options) => {
    expect(() => new MysqlSagaStorage({ client: createPool({}), ...options } as MysqlStorageOptions)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`MysqlSagaStorage: \`${name}\``)],
      }),
    );
  });
});
